import { expect, it } from 'vitest';
import { sumOf } from './watch-counters.ts';

it('adds a counter up over its labels and leaves others out', () => {
  const text = [
    '# HELP vafa_x_total things',
    '# TYPE vafa_x_total counter',
    'vafa_x_total{group="a",topic="t"} 3',
    'vafa_x_total{group="b",topic="t"} 4',
    'vafa_x_total_created{group="b"} 99',
    'vafa_y_total 5',
  ].join('\n');
  expect(sumOf(text, 'vafa_x_total')).toBe(7);
  expect(sumOf(text, 'vafa_y_total')).toBe(5);
  expect(sumOf(text, 'vafa_z_total')).toBe(0);
});
