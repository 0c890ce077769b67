import type { KafkaMessage } from 'kafkajs';
import { expect, test } from 'vitest';
import { toRecord } from './to-record.ts';

const message = (fields: object): KafkaMessage =>
  ({
    offset: '9007199254740993',
    timestamp: '1795255200123',
    attributes: 0,
    key: null,
    value: null,
    ...fields,
  }) as KafkaMessage;

test('a message is read with its exact offset, its key as text and its value as it is', () => {
  const value = Buffer.from([0, 255]);
  expect(toRecord('t', 3, message({ key: Buffer.from('کلید'), value }))).toEqual({
    topic: 't',
    partition: 3,
    offset: 9_007_199_254_740_993n,
    key: 'کلید',
    headers: {},
    value,
    timestampMs: 1_795_255_200_123,
  });
});

test('headers of foreign producers may be null, empty or there twice: nothing throws', () => {
  const headers = {
    a: Buffer.from('é'),
    none: null,
    twice: [Buffer.from('1'), Buffer.from('2')],
    empty: Buffer.alloc(0),
    list: [null],
    nothing: [],
  };
  expect(toRecord('t', 0, message({ headers })).headers).toEqual({
    a: 'é',
    none: undefined,
    twice: '1',
    empty: '',
    list: undefined,
    nothing: undefined,
  });
  expect(toRecord('t', 0, message({ headers: undefined })).headers).toEqual({});
});
