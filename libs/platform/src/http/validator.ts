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

/** Levels of lists and objects in each other. No body that is meant has half as many. */
const MAX_LEVELS = 64;

const isDeeperThan = (levels: number, value: unknown): boolean =>
  typeof value === 'object' &&
  value !== null &&
  (levels === 0 || Object.values(value).some((each) => isDeeperThan(levels - 1, each)));

/** Who looks at a body goes down into it and would run out of stack: our failure, where it is the caller's. */
const tooDeep = (): AppError =>
  new AppError('invalid', 'http.body_too_deep', `the body may have ${MAX_LEVELS} levels of lists and objects at most`);

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
      if (isDeeperThan(MAX_LEVELS, body)) return { error: tooDeep() };
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
