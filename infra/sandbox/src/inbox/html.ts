/** Markup that is known to be safe, because `html` made it. */
export class SafeHtml {
  readonly #markup: string;
  constructor(markup: string) {
    this.#markup = markup;
  }
  toString(): string {
    return this.#markup;
  }
}

export type Piece = string | number | SafeHtml | readonly SafeHtml[] | undefined;

const entities: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };

const render = (piece: Piece): string => {
  if (piece === undefined) return '';
  if (piece instanceof SafeHtml) return piece.toString();
  if (typeof piece === 'object') return piece.map(String).join('');
  return String(piece).replace(/[&<>"']/g, (character) => entities[character] ?? '');
};

/**
 * Markup with holes. Whatever fills a hole is escaped, unless `html` made it: messages come from outside, and nobody
 * should have to remember to escape. Holes in attributes must stand in quotes.
 */
export const html = (strings: TemplateStringsArray, ...pieces: Piece[]): SafeHtml =>
  new SafeHtml(String.raw({ raw: strings }, ...pieces.map(render)));
