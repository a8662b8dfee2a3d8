/** A full screen in a program that fails a turn later, where nobody catches it. */
import { openScreen } from "../../src/terminal/screen.ts";

const ignored = () => {};
const screen = openScreen({ onKey: ignored, onChange: ignored, onEnd: ignored });
screen.show({ lines: ["the screen is open"] });
setTimeout(() => {
  throw new Error("nobody catches this");
}, 0);
