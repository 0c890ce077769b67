import Type, { type TSchema } from 'typebox';
import { describe, expect, test } from 'vitest';
import { breakingChanges } from './breaking-changes.ts';
import { catalogue } from './catalogue.ts';
import { jsonSchemaOf } from './published-schemas.ts';

type Properties = Record<string, TSchema>;
type Published = Parameters<typeof breakingChanges>[0] & { required: string[]; properties: object };
/** As a schema file holds it. */
const file = (properties: Properties) => JSON.parse(JSON.stringify(Type.Object(properties)));
const compare = (previous: Properties, next: Properties) => breakingChanges(file(previous), file(next));

const Name = Type.String({ minLength: 1, maxLength: 100 });
const Free = Type.Record(Type.String(), Type.String({ maxLength: 100 }), { maxProperties: 50 });

describe('what breaks nobody', () => {
  test.each<[string, Properties, Properties]>([
    ['nothing changed', { name: Name }, { name: Name }],
    ['an optional field more', { name: Name }, { name: Name, nick: Type.Optional(Name) }],
    ['wider bounds', { name: Name }, { name: Type.String({ minLength: 0, maxLength: 200 }) }],
    ['a bound less', { name: Name }, { name: Type.String({ minLength: 1 }) }],
    ['other words for people', { name: Name }, { name: Type.String({ ...Name, description: 'What she is called' }) }],
    ['an enum value more', { kind: Type.Enum(['a']) }, { kind: Type.Enum(['a', 'b']) }],
    ['a pattern less', { code: Type.String({ pattern: '^a' }) }, { code: Type.String() }],
    ['further fields allowed again', { x: Type.Object({}, { additionalProperties: false }) }, { x: Type.Object({}) }],
    [
      'wider values of free fields',
      { x: Free },
      { x: Type.Record(Type.String(), Type.String({ maxLength: 101 }), { maxProperties: 51 }) },
    ],
  ])('%s', (_what, previous, next) => expect(compare(previous, next)).toEqual([]));
});

describe('what breaks a writer or a reader', () => {
  test.each<[string, Properties, Properties, string]>([
    ['a field removed', { name: Name, nick: Type.Optional(Name) }, { name: Name }, '/nick: removed'],
    ['a required field more', { name: Name }, { name: Name, nick: Name }, '/nick: became required'],
    ['an optional field became required', { name: Type.Optional(Name) }, { name: Name }, '/name: became required'],
    [
      'a required field became optional',
      { name: Name },
      { name: Type.Optional(Name) },
      '/name: was required, readers rely on it',
    ],
    ['another type', { count: Type.Integer() }, { count: Type.Number() }, '/count: type changed'],
    ['a shorter text', { name: Name }, { name: Type.String({ ...Name, maxLength: 99 }) }, '/name: maxLength narrowed'],
    [
      'a longer least text',
      { name: Name },
      { name: Type.String({ ...Name, minLength: 2 }) },
      '/name: minLength narrowed',
    ],
    ['a new bound', { count: Type.Integer() }, { count: Type.Integer({ maximum: 5 }) }, '/count: maximum narrowed'],
    [
      'a greater least number',
      { count: Type.Integer({ minimum: 0 }) },
      { count: Type.Integer({ minimum: 1 }) },
      '/count: minimum narrowed',
    ],
    [
      'fewer items',
      { all: Type.Array(Name, { maxItems: 9 }) },
      { all: Type.Array(Name, { maxItems: 8 }) },
      '/all: maxItems narrowed',
    ],
    [
      'an enum value removed',
      { kind: Type.Enum(['a', 'b']) },
      { kind: Type.Enum(['a']) },
      '/kind: enum value "b" removed',
    ],
    [
      'an enum where there was none',
      { kind: Type.String() },
      { kind: Type.Unsafe({ type: 'string', enum: ['a'] }) },
      '/kind: enum added',
    ],
    [
      'another pattern',
      { code: Type.String({ pattern: '^a' }) },
      { code: Type.String({ pattern: '^b' }) },
      '/code: pattern changed',
    ],
    ['a format', { at: Type.String() }, { at: Type.String({ format: 'date-time' }) }, '/at: format changed'],
    ['a constant', { kind: Type.Literal('a') }, { kind: Type.Literal('b') }, '/kind: const changed'],
    ['a field of an object within', { a: Type.Object({ b: Name }) }, { a: Type.Object({}) }, '/a/b: removed'],
    [
      'a field of an item',
      { a: Type.Array(Type.Object({ b: Type.Optional(Name) })) },
      { a: Type.Array(Type.Object({ b: Name })) },
      '/a/items/b: became required',
    ],
    [
      'other alternatives',
      { v: Type.Union([Type.String(), Type.Number()]) },
      { v: Type.Union([Type.String()]) },
      '/v: anyOf changed',
    ],
    [
      'no further fields any more',
      { x: Type.Object({}) },
      { x: Type.Object({}, { additionalProperties: false }) },
      '/x/*: further fields are constrained now',
    ],
    [
      'narrower free fields',
      { x: Free },
      { x: Type.Record(Type.String(), Type.String({ maxLength: 99 }), { maxProperties: 50 }) },
      '/x/*: maxLength narrowed',
    ],
    [
      'a keyword nobody thought of',
      { x: Type.Unsafe({}) },
      { x: Type.Unsafe({ not: { const: 1 } }) },
      '/x: not changed',
    ],
  ])('%s', (_what, previous, next, change) => expect(compare(previous, next)).toContain(change));
});

test.each(catalogue.map((definition) => [definition.type, definition] as const))(
  'making any field of %s required, or removing it, is noticed',
  (_type, definition) => {
    const published = jsonSchemaOf(definition) as Published;
    expect(breakingChanges(published, published)).toEqual([]);
    for (const name of Object.keys(published.properties)) {
      const { [name]: _gone, ...rest } = published.properties;
      expect(breakingChanges(published, { ...published, properties: rest } as Published)).toContain(
        `/${name}: removed`,
      );
      if (!published.required.includes(name))
        expect(breakingChanges(published, { ...published, required: [...published.required, name] })).toEqual([
          `/${name}: became required`,
        ]);
    }
  },
);
