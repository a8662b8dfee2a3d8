/** A full screen in a program that fails a turn later, where nobody catches it. */
import { openFullScreen } from "../../src/tui/dashboard/full_screen.ts";

const ignored = () => {};
const screen = openFullScreen({ onKey: ignored, onChange: ignored, onRoom: ignored, onEnd: ignored });
screen.write("the screen is open");
setTimeout(() => {
  throw new Error("nobody catches this");
}, 0);
