import Type, { type Static, type TSchema } from 'typebox';

/**
 * A field of a request that may be left out and then is what is said here: whoever reads the request finds it always there,
 * as validation puts it in.
 */
export const withDefault = <Schema extends TSchema>(schema: Schema, value: Static<Schema>): Schema =>
  Type.Optional({ ...schema, default: value } as Schema) as unknown as Schema;

/** A field of a request that may be null, and is when it is left out. */
export const orNull = <Schema extends Parameters<typeof Type.Union>[0][number]>(schema: Schema, description?: string) =>
  withDefault(Type.Union([schema, Type.Null()], description ? { description } : {}), null as never);
