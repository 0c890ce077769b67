import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { EventKind, SourceEvent } from '../source/source-event.ts';
import { createWindow, type Layer } from './window.ts';

const KINDS: EventKind[] = ['purchases', 'refunds', 'interactions'];
const event = (kind: EventKind, customerId: string, firstLine: number): SourceEvent => ({
  kind,
  customerId,
  firstLine,
  lines: 1,
  occurredAt: undefined,
  item: {},
});
const LIMITS = { maxItems: 5, maxBytes: 60 };
const events = fc.array(fc.record({ kind: fc.constantFrom(...KINDS), customer: fc.constantFrom('a', 'b', 'c') }), {
  maxLength: 80,
});

/** Lays all out in windows, as a lane does. */
const layOut = (given: readonly SourceEvent[]): Layer[] => {
  const layers: Layer[] = [];
  let current = createWindow(LIMITS);
  for (const each of given) {
    const json = JSON.stringify({ n: each.firstLine });
    if (current.add(each, json)) continue;
    layers.push(...current.window.layers);
    current = createWindow(LIMITS);
    expect(current.add(each, json)).toBe(true);
  }
  return [...layers, ...current.window.layers];
};

test('nothing is lost, limits hold, and each customer keeps the order, whatever comes', () => {
  fc.assert(
    fc.property(events, (given) => {
      const all = given.map(({ kind, customer }, n) => event(kind, customer, n));
      const layers = layOut(all);
      const sent = layers.flatMap((layer) => layer.events);
      expect(sent.map(({ firstLine }) => firstLine).sort((a, b) => a - b)).toEqual(all.map((_, n) => n));
      for (const layer of layers) {
        expect(layer.events.every(({ kind }) => kind === layer.kind)).toBe(true);
        expect(layer.events.length).toBeLessThanOrEqual(LIMITS.maxItems);
        expect(layer.bytes).toBeLessThanOrEqual(LIMITS.maxBytes);
      }
      for (const customer of ['a', 'b', 'c']) {
        const places = sent.filter(({ customerId }) => customerId === customer).map(({ firstLine }) => firstLine);
        expect(places).toEqual([...places].sort((a, b) => a - b));
      }
    }),
  );
});

test('purchases and refunds of many customers come to two layers', () => {
  const { window, add } = createWindow({ maxItems: 1_000, maxBytes: 1_000_000 });
  for (let n = 0; n < 500; n += 1) {
    add(event('purchases', `c${n}`, n), '{}');
    add(event('refunds', `c${n}`, n), '{}');
  }
  expect(window.layers.map(({ kind, events: { length } }) => [kind, length])).toEqual([
    ['purchases', 500],
    ['refunds', 500],
  ]);
});

test('an event larger than a whole request goes alone', () => {
  const { window, add } = createWindow(LIMITS);
  expect(add(event('purchases', 'a', 1), 'x'.repeat(100))).toBe(true);
  expect(add(event('purchases', 'a', 2), '{}')).toBe(false);
  expect(window.events).toBe(1);
});
