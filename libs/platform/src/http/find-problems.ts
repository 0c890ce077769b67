import type { FieldProblem } from '@vafa/kernel';
import Type, { type TSchema } from 'typebox';
import { Settings } from 'typebox/system';
import { Clone, Default, Errors } from 'typebox/value';

/** More than this tells nobody more. */
const MAX_PROBLEMS = 100;

interface Found {
  keyword: string;
  /** Where the schema says so: `#/properties/points`. */
  schemaPath: string;
  instancePath: string;
  message: string;
  params: object;
}

interface Shape {
  type?: string | string[];
  anyOf?: Shape[];
  properties?: Record<string, Shape>;
  items?: Shape;
  const?: unknown;
  not?: Shape;
}

/** The one value that the schema there does not take; undefined when it says otherwise what it does not. */
const forbidden = (schema: Shape, schemaPath: string): unknown => {
  const [, ...steps] = schemaPath.split('/');
  const there = steps.reduce<unknown>((at, step) => (at as Record<string, unknown> | undefined)?.[step], schema);
  return (there as Shape | undefined)?.not?.const;
};

/** Names what is allowed, and which field it is that is missing or too much. */
const problemsOf = (schema: Shape, { keyword, schemaPath, instancePath, message, params }: Found): FieldProblem[] => {
  const { additionalProperties, requiredProperties, allowedValues } = params as Record<string, unknown>;
  const each = (names: unknown, text: string): FieldProblem[] =>
    (names as string[]).map((name) => ({ path: `${instancePath}/${name}`, message: text }));
  if (keyword === 'additionalProperties') return each(additionalProperties, 'is not a known field');
  // Says the same as `additionalProperties` once more.
  if (keyword === 'boolean') return [];
  // Its branches say more.
  if (keyword === 'anyOf') return [];
  if (keyword === 'not') {
    const value = forbidden(schema, schemaPath);
    return [{ path: instancePath, message: value === undefined ? 'is not allowed' : `must not be ${value}` }];
  }
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

/** The field that tells the branches of a choice apart: a constant in each of them, as `kind` is. */
const discriminatorOf = (branches: readonly Shape[]): string | undefined =>
  Object.keys(branches[0]?.properties ?? {}).find((name) =>
    branches.every(({ properties }) => properties?.[name]?.const !== undefined),
  );

/** The JSON type of a value; any number is told as one, an integer too. */
const typeOf = (value: unknown): string => {
  if (value === null) return 'null';
  return Array.isArray(value) ? 'array' : typeof value;
};

const typesOf = ({ type, anyOf }: Shape): string[] => [type ?? anyOf?.flatMap(typesOf) ?? []].flat();

/** Is the value of the branch's type? One that names none takes any. */
const fits = (branch: Shape, value: unknown): boolean => {
  const types = typesOf(branch);
  const type = typeOf(value);
  return types.length === 0 || types.includes(type) || (type === 'number' && types.includes('integer'));
};

/** The branch of a choice that the value means, by its type and then by the field that tells the branches apart. */
const chosen = (shape: Shape, branches: readonly Shape[], value: unknown): Shape => {
  const fitting = branches.filter((branch) => fits(branch, value));
  if (fitting.length === 0) return { type: [...new Set(branches.flatMap(typesOf))] };
  const [only] = fitting;
  if (only && fitting.length === 1) return narrowed(only, value);
  const name = discriminatorOf(fitting);
  if (name === undefined) return { ...shape, anyOf: fitting };
  const named = (value as Record<string, unknown>)[name];
  const meant = fitting.find(({ properties }) => properties?.[name]?.const === named);
  if (meant) return narrowed(meant, value);
  const allowed = fitting.map(({ properties }) => String(properties?.[name]?.const));
  return Type.Object({ [name]: Type.Enum(allowed) }) as Shape;
};

/**
 * The schema with choices made as the value means them: what is wrong is told of the branch it chose, not of all the others
 * too; of a choice that there is not, what there is.
 */
const narrowed = (shape: Shape, value: unknown): Shape => {
  if (shape.anyOf) return chosen(shape, shape.anyOf, value);
  if (typeof value !== 'object' || value === null) return shape;
  const { items } = shape;
  // Each one chooses for itself.
  if (items && !Array.isArray(items) && Array.isArray(value)) {
    const { items: _, ...list } = shape;
    return { ...list, prefixItems: value.map((each) => narrowed(items, each)) } as Shape;
  }
  if (!shape.properties) return shape;
  const given = value as Record<string, unknown>;
  const properties = Object.entries(shape.properties).map(([name, each]) => [name, narrowed(each, given[name])]);
  return { ...shape, properties: Object.fromEntries(properties) };
};

/** All that is wrong with a value; the library would stop at the eighth. */
const findAll = (schema: TSchema, value: unknown): FieldProblem[] => {
  const { maxErrors } = Settings.Get();
  Settings.Set({ maxErrors: MAX_PROBLEMS });
  try {
    // What may be left out is no problem.
    const whole = Default(schema, Clone(value));
    // Not compiled: a schema made for one wrong body is not used again.
    const meant = narrowed(schema as Shape, whole);
    return (Errors(meant as TSchema, whole) as Found[]).flatMap((found) => problemsOf(meant, found));
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
 * Of a choice (`kind` and its fields, something or null) only what is wrong with the branch that was meant.
 */
export const findProblems = (schema: TSchema, value: unknown): FieldProblem[] =>
  deduplicated(findAll(schema, value)).slice(0, MAX_PROBLEMS);
