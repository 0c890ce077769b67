import { readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { Ajv } from 'ajv';
import { Ajv2020 } from 'ajv/dist/2020.js';
import formats from 'ajv-formats';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { catalogue } from './catalogue.ts';
import { problemsOf } from './envelope.ts';
import { CustomerErased, CustomerUpdated } from './events/customers.ts';
import { PurchaseCompleted } from './events/purchases.ts';
import { asyncApi, jsonSchemaOf, schemaFileOf } from './published-schemas.ts';

const FOLDER = new URL('../schemas/', import.meta.url);
const readJson = (name: string): unknown => JSON.parse(readFileSync(new URL(name, FOLDER), 'utf8'));
const published = readdirSync(FOLDER).filter((name) => name !== 'asyncapi.json');

describe('the files in the repository are those of the catalogue', () => {
  test.each(catalogue.map((definition) => [schemaFileOf(definition), definition] as const))(
    '%s',
    (name, definition) => {
      expect(readJson(name)).toEqual(jsonSchemaOf(definition));
    },
  );

  test('asyncapi.json', () => expect(readJson('asyncapi.json')).toEqual(asyncApi()));

  test('a file without an event in the catalogue is an older version of one that is there', () => {
    const newest = new Map(catalogue.map(({ type, version }) => [type, version]));
    const orphans = published.filter((name) => {
      const [, type, version] = /^(.+)\.v(\d+)\.json$/.exec(name) ?? [];
      return Number(version) > (newest.get(type ?? '') ?? 0);
    });
    expect(orphans).toEqual([]);
  });
});

test('a type stands once in the catalogue, on one topic, with a customerId that is required', () => {
  expect(new Set(catalogue.map(({ type }) => type)).size).toBe(catalogue.length);
  for (const { data } of catalogue) expect(data.required).toContain('customerId');
});

describe('the AsyncAPI document', () => {
  test('is as the specification wants it', () => {
    const specification = createRequire(import.meta.url)('@asyncapi/specs/schemas/3.0.0-without-$id.json');
    // Not strict: the specification's own schema has keywords without their types.
    const ajv = new Ajv({ strict: false, logger: false });
    formats.default(ajv);
    const validate = ajv.compile(specification);
    expect(validate(asyncApi()) || validate.errors).toBe(true);
    expect(validate({ ...asyncApi(), channels: { wrong: { bindings: { kafka: { key: 'not of a channel' } } } } })).toBe(
      false,
    );
  });

  test('every reference points to something', () => {
    const document = asyncApi();
    const references = [...JSON.stringify(document).matchAll(/"\$ref":"#\/([^"]+)"/g)].map(
      ([, path]) => path as string,
    );
    const dangling = references.filter(
      (path) =>
        path.split('/').reduce<unknown>((at, name) => (at as Record<string, unknown>)?.[name], document) === undefined,
    );
    expect(references.length).toBeGreaterThan(catalogue.length);
    expect(dangling).toEqual([]);
  });

  test('names every event once', () => {
    const { components } = asyncApi() as { components: { messages: Record<string, { name: string }> } };
    expect(Object.values(components.messages).map(({ name }) => name)).toEqual(catalogue.map(({ type }) => type));
  });
});

describe('another validator reads the published schemas as we do', () => {
  const compile = (definition: (typeof catalogue)[number]) => {
    const ajv = new Ajv2020({ strict: true });
    formats.default(ajv);
    return ajv.compile(jsonSchemaOf(definition));
  };

  test.each(catalogue.map((definition) => [definition.type, definition] as const))('%s', (_type, definition) => {
    const validate = compile(definition);
    fc.assert(
      fc.property(fc.json(), (json) => {
        const data: unknown = JSON.parse(json);
        expect(validate(data)).toBe(problemsOf(definition, data).length === 0);
      }),
    );
  });

  test('ids with blanks, control characters and letters of every script', () => {
    const validate = compile(CustomerErased);
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', maxLength: 130, size: 'max' }), (customerId) => {
        expect(validate({ customerId })).toBe(problemsOf(CustomerErased, { customerId }).length === 0);
      }),
      { numRuns: 500 },
    );
    for (const customerId of ['c', 'pC{}', 'شماره ۱', 'a b'])
      expect([customerId, problemsOf(CustomerErased, { customerId })]).toEqual([customerId, []]);
    for (const customerId of ['', ' a', 'a ', 'a\tb', 'a\u0000', '\u0085', 'x'.repeat(129)])
      expect([customerId, problemsOf(CustomerErased, { customerId }).length > 0]).toEqual([customerId, true]);
  });

  test('phones, e-mails, dates and free fields', () => {
    const validate = compile(CustomerUpdated);
    const samples = [
      { phone: '+989121234567' },
      { phone: '09121234567' },
      { email: 'a@b' },
      { email: 'a b@c' },
      { birthDate: '1990-02-28' },
      { birthDate: '1990-02-30' },
      { attributes: { vip: true, visits: 3, note: 'x' } },
      { attributes: { list: [] } },
      { attributes: { note: 'x'.repeat(1_001) } },
      { locale: 'fa-IR' },
      { locale: 'FA' },
    ];
    for (const sample of samples) {
      const data = { customerId: 'c1', ...sample };
      expect([sample, problemsOf(CustomerUpdated, data).length === 0]).toEqual([sample, validate(data)]);
    }
  });

  test('amounts at their limits', () => {
    const validate = compile(PurchaseCompleted);
    for (const totalMinor of [0, 1e15, 1e15 + 1, -1, 0.1, '1', null, Number.MAX_SAFE_INTEGER]) {
      const data = { customerId: 'c1', orderId: 'o1', currency: 'EUR', totalMinor, lines: [] };
      expect([totalMinor, problemsOf(PurchaseCompleted, data).length === 0]).toEqual([totalMinor, validate(data)]);
    }
  });
});
