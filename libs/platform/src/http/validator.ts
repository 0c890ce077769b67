import { AppError } from '@vafa/kernel';
import { Ajv } from 'ajv';
import addFormatsModule from 'ajv-formats';
import type { FastifySchemaCompiler } from 'fastify';
import type { TSchema } from 'typebox';
import { findProblems } from './find-problems.ts';

const addFormats = addFormatsModule as unknown as typeof addFormatsModule.default;

const create = (coerceTypes: boolean): Ajv => {
  const ajv = new Ajv({ coerceTypes, useDefaults: true, removeAdditional: false, allErrors: false, strict: false });
  addFormats(ajv);
  return ajv;
};

/**
 * Bodies are taken as they are ("5" is no number), and all that is wrong with them is told at once; what comes as text by
 * nature (query, path, headers) is converted.
 */
export const createValidatorCompiler = (): FastifySchemaCompiler<TSchema> => {
  const strict = create(false);
  const converting = create(true);
  return ({ schema, httpPart }) => {
    if (httpPart !== 'body') return converting.compile(schema);
    const validate = strict.compile(schema);
    return (body: unknown) => {
      if (validate(body)) return { value: body };
      const problems = findProblems(schema, body);
      // The two libraries may differ in a format: then the first one's word counts.
      if (problems.length === 0) return { error: validate.errors as unknown as Error };
      return {
        error: new AppError('invalid', 'http.invalid_request', 'the body is not as it should be', { problems }),
      };
    };
  };
};
