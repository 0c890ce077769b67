import type { FieldProblem } from '@vafa/kernel';
import Type, { type TSchema } from 'typebox';
import { Settings } from 'typebox/system';
import { Clone, Default, Errors } from 'typebox/value';

/** More than this tells nobody more. */
const MAX_PROBLEMS = 100;

interface Found {
  keyword: string;
  instancePath: string;
  message: string;
  params: object;
}

/** Names what is allowed, and which field it is that is missing or too much. */
const problemsOf = ({ keyword, instancePath, message, params }: Found): FieldProblem[] => {
  const { additionalProperties, requiredProperties, allowedValues } = params as Record<string, unknown>;
  const each = (names: unknown, text: string): FieldProblem[] =>
    (names as string[]).map((name) => ({ path: `${instancePath}/${name}`, message: text }));
  if (keyword === 'additionalProperties') return each(additionalProperties, 'is not a known field');
  // Says the same as `additionalProperties` once more.
  if (keyword === 'boolean') return [];
  if (keyword === 'required') return each(requiredProperties, 'is missing');
  if (keyword === 'enum' && Array.isArray(allowedValues))
    return [
      {
        path: instancePath,
        message: `must be one of: ${allowedValues.length > 20 ? 'a known code' : allowedValues.join(', ')}`,
      },
    ];
  return [{ path: instancePath, message }];
};

interface Shape {
  anyOf?: Shape[];
  properties?: Record<string, Shape>;
  const?: unknown;
}

/** The field that tells the branches of a choice apart: a constant in each of them, as `kind` is. */
const discriminatorOf = (branches: readonly Shape[]): string | undefined =>
  Object.keys(branches[0]?.properties ?? {}).find((name) =>
    branches.every(({ properties }) => properties?.[name]?.const !== undefined),
  );

/**
 * The schema with choices made as the value means them: what is wrong is told of the branch it chose, not of all the others
 * too; of a choice that there is not, what there is.
 */
const narrowed = (shape: Shape, value: unknown): Shape => {
  if (typeof value !== 'object' || value === null) return shape;
  const fields = value as Record<string, unknown>;
  if (shape.anyOf) {
    const name = discriminatorOf(shape.anyOf);
    if (name === undefined) return shape;
    const chosen = shape.anyOf.find(({ properties }) => properties?.[name]?.const === fields[name]);
    if (chosen) return narrowed(chosen, value);
    const allowed = shape.anyOf.map(({ properties }) => String(properties?.[name]?.const));
    return Type.Object({ [name]: Type.Enum(allowed) }) as Shape;
  }
  if (!shape.properties) return shape;
  const properties = Object.entries(shape.properties).map(([name, each]) => [name, narrowed(each, fields[name])]);
  return { ...shape, properties: Object.fromEntries(properties) };
};

/** All that is wrong with a value; the library would stop at the eighth. */
const findAll = (schema: TSchema, value: unknown): Found[] => {
  const { maxErrors } = Settings.Get();
  Settings.Set({ maxErrors: MAX_PROBLEMS });
  try {
    // What may be left out is no problem.
    const whole = Default(schema, Clone(value));
    // Not compiled: a schema made for one wrong body is not used again.
    return Errors(narrowed(schema as Shape, whole) as TSchema, whole) as Found[];
  } finally {
    Settings.Set({ maxErrors });
  }
};

/** The branches of a choice that nothing tells apart may say the same of one field. */
const deduplicated = (problems: readonly FieldProblem[]): FieldProblem[] => {
  const seen = new Set<string>();
  return problems.filter(({ path, message }) => {
    const key = `${path} ${message}`;
    return seen.has(key) ? false : seen.add(key);
  });
};

/**
 * All that is wrong with a value, each with its field and what is allowed, at most a hundred; nothing when the schema takes it.
 * Of a choice (`kind` and its fields) only what is wrong with the branch that was meant.
 */
export const findProblems = (schema: TSchema, value: unknown): FieldProblem[] =>
  deduplicated(findAll(schema, value).flatMap(problemsOf)).slice(0, MAX_PROBLEMS);
