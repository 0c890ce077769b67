import { Ajv } from 'ajv';
import addFormatsModule from 'ajv-formats';
import type { FastifySchemaCompiler } from 'fastify';
import type { TSchema } from 'typebox';

const addFormats = addFormatsModule as unknown as typeof addFormatsModule.default;

const create = (coerceTypes: boolean): Ajv => {
  const ajv = new Ajv({ coerceTypes, useDefaults: true, removeAdditional: false, allErrors: false, strict: false });
  addFormats(ajv);
  return ajv;
};

/**
 * Bodies are taken as they are ("5" is no number); what comes as text by nature (query, path, headers) is converted.
 */
export const createValidatorCompiler = (): FastifySchemaCompiler<TSchema> => {
  const strict = create(false);
  const converting = create(true);
  return ({ schema, httpPart }) => (httpPart === 'body' ? strict : converting).compile(schema);
};
