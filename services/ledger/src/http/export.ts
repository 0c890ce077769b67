import { Readable } from 'node:stream';
import { fields } from '@vafa/contracts';
import Type, { type Static, type TSchema } from 'typebox';
import { BOM, type Cell, csvLine } from './csv.ts';

export const EXPORT_FORMATS = ['csv', 'ndjson'] as const;

/** Rows read from the database at a time: what a stream holds in memory at most, twice. */
export const EXPORT_PAGE_ROWS = 2_000;

/** How an answer that is a file is asked for. */
export const FileQuery = {
  format: fields.OneOf(EXPORT_FORMATS, 'csv = RFC 4180 with a line of names · ndjson = one JSON object per line'),
  bom: Type.Boolean({ default: false, description: 'Begin a CSV with a byte order mark, for Excel' }),
};
export type FileFormat = Static<(typeof FileQuery)['format']>;

const FileText = Type.String({ description: 'The file, as a stream. One that breaks off is not complete' });

/** The answer of a route that gives a file, for its page. */
export const FileAnswer = {
  description: 'The file',
  content: { 'text/csv': { schema: FileText }, 'application/x-ndjson': { schema: FileText } },
};

/** The answer of a route that gives a table as JSON, or as a file if asked. */
export const tableAnswer = <Body extends TSchema>(body: Body) => ({
  description: 'The table',
  content: { 'application/json': { schema: body }, 'text/csv': { schema: FileText } },
});

/** One row: its columns in the order in which they are told. */
export type Row = Readonly<Record<string, Cell>>;

/** What the answer of a file is: a reply of the HTTP server. */
interface Reply {
  type(contentType: string): unknown;
  header(name: string, value: string): unknown;
  send(payload: never): unknown;
}

/** Page after page as text; the database is asked for the next one when the reader has taken the last. */
async function* textOf(
  pages: AsyncIterable<readonly Row[]>,
  columns: readonly string[],
  { format, bom }: { format: FileFormat; bom: boolean },
): AsyncGenerator<string> {
  if (format === 'csv') yield (bom ? BOM : '') + csvLine(columns);
  const line = (row: Row): string =>
    format === 'csv' ? csvLine(columns.map((name) => row[name])) : `${JSON.stringify(row)}\n`;
  for await (const page of pages) if (page.length > 0) yield page.map(line).join('');
}

/** Reads page after page until one is not full. `nextOf` makes the cursor of what follows a row. */
export async function* pagesOf<Kept, Cursor>(
  first: Cursor,
  read: (cursor: Cursor, limit: number) => Promise<readonly Kept[]>,
  nextOf: (last: Kept) => Cursor,
): AsyncGenerator<readonly Kept[]> {
  for (let cursor = first; ; ) {
    const page = await read(cursor, EXPORT_PAGE_ROWS);
    yield page;
    const last = page.at(-1);
    if (page.length < EXPORT_PAGE_ROWS || last === undefined) return;
    cursor = nextOf(last);
  }
}

/**
 * Sends a table as a file, in constant memory however long it is. `name` is the file's, without its ending; our own words.
 */
export const sendFile = <Answer extends Reply>(
  reply: Answer,
  name: string,
  file: { format: FileFormat; bom: boolean; columns: readonly string[]; pages: AsyncIterable<readonly Row[]> },
): Answer => {
  const { format, columns, pages } = file;
  reply.type(format === 'csv' ? 'text/csv; charset=utf-8' : 'application/x-ndjson');
  reply.header('content-disposition', `attachment; filename="${name}.${format}"`);
  reply.header('cache-control', 'no-store');
  reply.send(Readable.from(textOf(pages, columns, file), { objectMode: false }) as never);
  return reply;
};
