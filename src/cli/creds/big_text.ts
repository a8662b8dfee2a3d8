/** A short code in letters of five rows, so that it can be read from across a desk. Pure. */

/** Rows of five columns, top first; `#` is ink. */
const GLYPHS: Readonly<Record<string, string>> = {
  A: " ### |#   #|#####|#   #|#   #",
  B: "#### |#   #|#### |#   #|#### ",
  C: " ####|#    |#    |#    | ####",
  D: "#### |#   #|#   #|#   #|#### ",
  E: "#####|#    |#### |#    |#####",
  F: "#####|#    |#### |#    |#    ",
  G: " ####|#    |#  ##|#   #| ####",
  H: "#   #|#   #|#####|#   #|#   #",
  I: " ### |  #  |  #  |  #  | ### ",
  J: "  ###|   # |   # |#  # | ##  ",
  K: "#   #|#  # |###  |#  # |#   #",
  L: "#    |#    |#    |#    |#####",
  M: "#   #|## ##|# # #|#   #|#   #",
  N: "#   #|##  #|# # #|#  ##|#   #",
  O: " ### |#   #|#   #|#   #| ### ",
  P: "#### |#   #|#### |#    |#    ",
  Q: " ### |#   #|# # #|#  # | ## #",
  R: "#### |#   #|#### |#  # |#   #",
  S: " ####|#    | ### |    #|#### ",
  T: "#####|  #  |  #  |  #  |  #  ",
  U: "#   #|#   #|#   #|#   #| ### ",
  V: "#   #|#   #|#   #| # # |  #  ",
  W: "#   #|#   #|# # #|## ##|#   #",
  X: "#   #| # # |  #  | # # |#   #",
  Y: "#   #| # # |  #  |  #  |  #  ",
  Z: "#####|   # |  #  | #   |#####",
  0: " ### |#  ##|# # #|##  #| ### ",
  1: "  #  | ##  |  #  |  #  | ### ",
  2: "#### |    #| ### |#    |#####",
  3: "#### |    #| ### |    #|#### ",
  4: "#  # |#  # |#####|   # |   # ",
  5: "#####|#    |#### |    #|#### ",
  6: " ### |#    |#### |#   #| ### ",
  7: "#####|    #|   # |  #  |  #  ",
  8: " ### |#   #| ### |#   #| ### ",
  9: " ### |#   #| ####|    #| ### ",
  "-": "     |     | ### |     |     ",
};

const ROW_COUNT = 5;
const GAP = "  ";

/** The lines, or the text itself when a sign is unknown or it would pass `width` columns. */
export function bigText(text: string, width: number): string[] {
  const glyphs = [...text.toUpperCase()].map((sign) => GLYPHS[sign]?.split("|"));
  const lines = Array.from({ length: ROW_COUNT }, (_, row) => glyphs.map((glyph) => glyph?.[row] ?? "").join(GAP));
  const fits = glyphs.every((glyph) => glyph !== undefined) && lines.every((line) => line.length <= width);
  return fits ? lines.map((line) => line.replaceAll("#", "█").trimEnd()) : [text];
}
