import { AppError } from '@vafa/kernel';
import { Liquid, type Template as ParsedTemplate } from 'liquidjs';
import { registerFilters } from './filters.ts';

/** Longest template part in characters. */
export const MAX_TEMPLATE_LENGTH = 100_000;
/** Longest rendered part in characters. */
const MAX_RENDERED_LENGTH = 200_000;
const RENDER_LIMIT_MS = 200;
const MEMORY_LIMIT = 2_000_000;
/** Parsed templates kept; parsing costs more than rendering. */
const MAX_PARSED = 500;

/** Tags that would read other templates, and so files. */
const FOREIGN_TAGS = ['include', 'render', 'layout', 'block'];

const createEngine = (output: 'text' | 'html'): Liquid => {
  const engine = new Liquid({
    // An empty map in place of the file system, which is the default.
    templates: {},
    ownPropertyOnly: true,
    strictFilters: true,
    strictVariables: false,
    parseLimit: MAX_TEMPLATE_LENGTH,
    renderLimit: RENDER_LIMIT_MS,
    memoryLimit: MEMORY_LIMIT,
    ...(output === 'html' ? { outputEscape: 'escape' as const } : {}),
  });
  for (const tag of FOREIGN_TAGS) delete engine.tags[tag];
  if (output === 'html') engine.unregisterFilter('raw');
  registerFilters(engine);
  return engine;
};

const engines = { text: createEngine('text'), html: createEngine('html') } as const;

interface Parsed {
  template: ParsedTemplate[];
  /** What the template uses that it does not set itself, e.g. `customer.name`. */
  variables: string[];
}
const parsed = new Map<string, Parsed>();

/** Where in its source a template is wrong, counted from 1. */
const positionOf = (error: unknown): { line?: number; column?: number } => {
  const token = (error as { token?: { getPosition?: () => [number, number] } }).token;
  const [line, column] = token?.getPosition?.() ?? [];
  return line === undefined || column === undefined ? {} : { line, column };
};

/** The first line: liquidjs adds the source, with a caret, which may hold what customers should not see in a log. */
const shortMessage = (error: unknown): string =>
  error instanceof Error ? (error.message.split('\n')[0] ?? '') : 'unknown error';

const parse = (source: string, output: 'text' | 'html'): Parsed => {
  const key = `${output}\u0000${source}`;
  const known = parsed.get(key);
  if (known) return known;
  const template = engines[output].parse(source);
  const fresh = { template, variables: engines[output].globalFullVariablesSync(template) };
  const oldest = parsed.keys().next();
  if (parsed.size >= MAX_PARSED && !oldest.done) parsed.delete(oldest.value);
  parsed.set(key, fresh);
  return fresh;
};

/**
 * Checks a part of a template and names the variables it uses.
 * @throws AppError invalid `messaging.template_invalid` with part, line and column
 */
export const checkTemplatePart = (part: string, source: string, output: 'text' | 'html'): string[] => {
  try {
    return parse(source, output).variables;
  } catch (error) {
    const position = positionOf(error);
    const at = position.line === undefined ? '' : ` (line ${position.line}, column ${position.column})`;
    const message = shortMessage(error).replace(/, line:\d+, col:\d+$/, '');
    throw new AppError(
      'invalid',
      'messaging.template_invalid',
      `${part} is no valid Liquid: ${message}${at}`,
      {
        part,
        ...position,
        problems: [{ path: `/${part}`, message: `${message}${at}` }],
      },
      error,
    );
  }
};

/** Values a template sees. */
export type Scope = Readonly<Record<string, unknown>>;

/** Is the value of `a.b` there? */
const isMissing = (scope: Scope, path: string): boolean => {
  let value: unknown = scope;
  for (const name of path.split('.')) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name)) return true;
    value = (value as Record<string, unknown>)[name];
  }
  return value === undefined || value === null;
};

/**
 * Renders a part. Variables that are not given come out empty and are named in `missing`.
 * @throws AppError rejected `messaging.template_failed` when a limit is passed or a filter fails
 */
export const renderPart = (
  part: string,
  source: string,
  scope: Scope,
  output: 'text' | 'html',
): { text: string; missing: string[] } => {
  try {
    const { template, variables } = parse(source, output);
    const text = String(engines[output].renderSync(template, scope as object));
    if (text.length > MAX_RENDERED_LENGTH)
      throw new RangeError(`rendered text is longer than ${MAX_RENDERED_LENGTH} characters`);
    return { text, missing: variables.filter((path) => isMissing(scope, path)) };
  } catch (error) {
    throw new AppError(
      'rejected',
      'messaging.template_failed',
      `${part} can't be rendered: ${shortMessage(error)}`,
      { part },
      error,
    );
  }
};
