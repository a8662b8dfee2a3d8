/** Name and version of this program, as shown to people, clients and providers. */
export const NAME = "keyproxy";
export const VERSION = "0.1.0";
