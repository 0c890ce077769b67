import Type from 'typebox';
import { expect, test } from 'vitest';
import { findProblems } from './find-problems.ts';

const orNull = <Schema extends Type.TSchema>(schema: Schema) => Type.Union([schema, Type.Null()]);
const closed = { additionalProperties: false };
const Choice = Type.Union([
  Type.Object({ kind: Type.Literal('much'), more: Type.Integer({ minimum: 1 }) }, closed),
  Type.Object({ kind: Type.Literal('little'), less: Type.Integer({ minimum: 1 }) }, closed),
]);

test('of a field that may be null, only what is wrong with its value', () => {
  const schema = orNull(Type.Object({ points: Type.Optional(orNull(Type.Integer({ minimum: 1 }))) }, closed));
  expect(findProblems(schema, { points: 0 })).toEqual([{ path: '/points', message: 'must be >= 1' }]);
  expect(findProblems(schema, { points: 1.5 })).toEqual([{ path: '/points', message: 'must be integer' }]);
  expect(findProblems(schema, { poinst: 1 })).toEqual([{ path: '/poinst', message: 'is not a known field' }]);
  expect(findProblems(schema, { points: null })).toEqual([]);
  expect(findProblems(schema, null)).toEqual([]);
});

test('a value that is not allowed is named', () => {
  const notZero = Type.Unsafe<number>({ type: 'integer', not: { const: 0 } });
  const schema = Type.Object({ points: notZero, list: Type.Array(orNull(Type.Object({ points: notZero }))) });
  expect(findProblems(schema, { points: 0, list: [{ points: 1 }, { points: 0 }] })).toEqual([
    { path: '/points', message: 'must not be 0' },
    { path: '/list/1/points', message: 'must not be 0' },
  ]);
  expect(findProblems(Type.Unsafe({ not: { type: 'string' } }), 'x')).toEqual([
    { path: '', message: 'is not allowed' },
  ]);
});

test('where no branch is of its type, which types there are', () => {
  const schema = Type.Object({ stock: orNull(Type.Integer({ minimum: 1 })) });
  expect(findProblems(schema, { stock: '5' })).toEqual([{ path: '/stock', message: 'must be either integer or null' }]);
  expect(findProblems(orNull(schema), 'much')).toEqual([{ path: '', message: 'must be either object or null' }]);
});

test('a text of several meanings is told what each asks, not that it fits none', () => {
  const schema = Type.Union([Type.String({ maxLength: 2 }), Type.String({ pattern: '^x' }), Type.Null()]);
  const messages = findProblems(schema, 'long').map(({ message }) => message);
  expect(messages).toHaveLength(2);
  expect(messages.join()).not.toMatch(/anyOf|null/);
});

test('choices in lists are told as all others are, each by its place', () => {
  const schema = Type.Object({ list: Type.Array(orNull(Choice)), single: Type.Array(Type.Integer({ minimum: 1 })) });
  const list = [{ kind: 'much', more: 1 }, { kind: 'much', less: 1 }, null, { kind: 'none' }, 5];
  expect(findProblems(schema, { list, single: [1, 0] })).toEqual([
    { path: '/list/1/more', message: 'is missing' },
    { path: '/list/1/less', message: 'is not a known field' },
    { path: '/list/3/kind', message: 'must be one of: much, little' },
    { path: '/list/4', message: 'must be either object or null' },
    { path: '/single/1', message: 'must be >= 1' },
  ]);
});

test('the length of a list is told beside what is in it', () => {
  const schema = Type.Object({ list: Type.Array(orNull(Type.String({ minLength: 1 })), { maxItems: 1 }) });
  expect(findProblems(schema, { list: ['', 'a'] })).toContainEqual({
    path: '/list',
    message: expect.stringContaining('1'),
  });
});
