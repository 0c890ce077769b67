import { expect, test } from 'vitest';
import { idFrom, newId } from './ids.ts';

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-([0-9a-f])[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

test('new ids are UUIDs of version 7, all different, and sort by the time they were made', async () => {
  const early = Array.from({ length: 1_000 }, newId);
  await new Promise((resolve) => setTimeout(resolve, 2));
  const late = newId();

  expect(early.every((id) => UUID.exec(id)?.[1] === '7')).toBe(true);
  expect(new Set(early).size).toBe(1_000);
  expect(early.every((id) => id < late)).toBe(true);
});

test('the same names give the same id, in every release', () => {
  expect(idFrom('points.earned', 'entry-1')).toBe(idFrom('points.earned', 'entry-1'));
  // Kept in databases as a natural key: a change of the algorithm would make old deeds look new.
  expect(idFrom('points.earned', 'entry-1')).toBe('9d3c685c-fc26-8177-971e-284fbefdca44');
  expect(UUID.exec(idFrom('x'))?.[1]).toBe('8');
});

test('names are told apart at their borders and in their order', () => {
  const ids = [idFrom('ab', 'c'), idFrom('a', 'bc'), idFrom('abc'), idFrom('c', 'ab'), idFrom('ab', 'c', '')];
  expect(new Set(ids).size).toBe(ids.length);
});
