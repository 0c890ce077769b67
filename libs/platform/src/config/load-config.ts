import type { Static, TObject, TSchema } from 'typebox';
import { Compile } from 'typebox/compile';

/** Every problem of the configuration at once, one line each. */
export class ConfigError extends Error {
  readonly problems: readonly string[];
  constructor(problems: readonly string[]) {
    super(`configuration is wrong:\n${problems.map((problem) => `  - ${problem}`).join('\n')}`);
    this.name = 'ConfigError';
    this.problems = problems;
  }
}

type Property = TSchema & {
  type?: string;
  default?: unknown;
  enum?: unknown[];
  secret?: boolean;
  description?: string;
};

const propertiesOf = (schema: TObject): [string, Property][] =>
  Object.entries(schema.properties) as [string, Property][];

/** Text of the environment as the schema's type; what can't be read stays text and fails the check. */
const convert = (text: string, property: Property): unknown => {
  if (property.type === 'integer' || property.type === 'number')
    return text.trim() !== '' && Number.isFinite(Number(text)) ? Number(text) : text;
  if (property.type === 'boolean')
    return text === 'true' || text === '1' ? true : text === 'false' || text === '0' ? false : text;
  return text;
};

/**
 * Reads the settings of a schema from variables. Empty text counts as not set.
 * @throws ConfigError naming every variable that is wrong and what is allowed; values of secrets are not shown
 */
export const loadConfig = <Schema extends TObject>(
  schema: Schema,
  variables: Readonly<Record<string, string | undefined>>,
): Static<Schema> => {
  const values: Record<string, unknown> = {};
  for (const [name, property] of propertiesOf(schema)) {
    const text = variables[name];
    if (text !== undefined && text !== '') values[name] = convert(text, property);
    else if (property.default !== undefined) values[name] = property.default;
  }
  const validator = Compile(schema);
  if (validator.Check(values)) return values as Static<Schema>;
  const problems = validator.Errors(values).flatMap(({ instancePath, message, params }) => {
    const missing = (params as { requiredProperties?: string[] }).requiredProperties;
    if (missing) return missing.map((name) => `${name} is not set: ${describe(schema, name)}`);
    const name = instancePath.slice(1);
    const property = propertiesOf(schema).find(([key]) => key === name)?.[1];
    const shown = property?.secret ? '(secret)' : JSON.stringify(values[name]);
    const allowed = property?.enum ? `must be one of ${property.enum.join(', ')}` : message;
    return [`${name} = ${shown} ${allowed}: ${describe(schema, name)}`];
  });
  throw new ConfigError(problems);
};

const describe = (schema: TObject, name: string): string =>
  propertiesOf(schema).find(([key]) => key === name)?.[1].description ?? 'no description';

const typeText = (property: Property): string => {
  const type = property.enum
    ? property.enum.filter((value) => value !== '').join(' \\| ')
    : String(property.type ?? 'text');
  return property.secret ? `${type}, secret` : type;
};

/** One row per variable, for the README. */
export const settingsTable = (schema: TObject): string[][] =>
  propertiesOf(schema).map(([name, property]) => {
    const hasDefault = !property.secret && property.default !== undefined && property.default !== '';
    return [
      `\`${name}\``,
      typeText(property),
      hasDefault ? `\`${String(property.default)}\`` : '–',
      property.description ?? '',
    ];
  });
