/** Blocks of whole lines as single lines with their numbers, counted from 1; line ends (and a byte order mark) are cut off. */
export async function* textLines(blocks: AsyncIterable<string>): AsyncGenerator<{ text: string; line: number }> {
  let line = 0;
  for await (const block of blocks) {
    const lines = block.split('\n');
    // A block ends with its last line's end: what follows is no line. Only the last block may lack it.
    if (lines.at(-1) === '') lines.pop();
    for (const each of lines) {
      line += 1;
      const start = line === 1 && each.startsWith('\ufeff') ? 1 : 0;
      yield { text: each.slice(start, each.endsWith('\r') ? -1 : undefined), line };
    }
  }
}
