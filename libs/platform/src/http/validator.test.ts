import Type from 'typebox';
import { expect, test } from 'vitest';
import { createValidatorCompiler } from './validator.ts';

const nested = (levels: number): unknown => JSON.parse(`${'['.repeat(levels)}${']'.repeat(levels)}`);

test('a body of too many levels is refused before anybody goes down into it', () => {
  const compile = createValidatorCompiler();
  for (const schema of [Type.Object({ points: Type.Integer() }), Type.Unknown()]) {
    const validate = compile({ schema, httpPart: 'body', method: 'POST', url: '/' });
    expect(validate({ points: nested(100_000) })).toMatchObject({ error: { code: 'http.body_too_deep' } });
    expect(validate(nested(65))).toMatchObject({ error: { code: 'http.body_too_deep' } });
  }
  const anything = compile({ schema: Type.Unknown(), httpPart: 'body', method: 'POST', url: '/' });
  for (const body of [nested(64), null, 'text', undefined]) expect(anything(body)).toEqual({ value: body });
});
