import { describe, expect, it } from 'vitest';
import type { Condition } from './campaign.ts';
import { conditionProblem, conditionsHold, type FieldKind } from './condition.ts';

const data = { totalMinor: 500, channel: 'web', gift: true, attributes: { colour: 'red', rank: 3 } };

describe('conditionsHold', () => {
  const table: [Condition, boolean][] = [
    [{ field: 'totalMinor', op: 'gte', value: 500 }, true],
    [{ field: 'totalMinor', op: 'gt', value: 500 }, false],
    [{ field: 'totalMinor', op: 'lt', value: 501 }, true],
    [{ field: 'totalMinor', op: 'lte', value: 499 }, false],
    [{ field: 'channel', op: 'eq', value: 'web' }, true],
    [{ field: 'channel', op: 'ne', value: 'web' }, false],
    [{ field: 'channel', op: 'in', value: ['app', 'web'] }, true],
    [{ field: 'channel', op: 'in', value: ['app'] }, false],
    [{ field: 'gift', op: 'eq', value: true }, true],
    [{ field: 'attributes.colour', op: 'eq', value: 'red' }, true],
    [{ field: 'attributes.rank', op: 'gt', value: 2 }, true],
    [{ field: 'store', op: 'eq', value: 'x' }, false],
    [{ field: 'store', op: 'ne', value: 'x' }, true],
    [{ field: 'store', op: 'lt', value: 10 }, false],
    [{ field: 'attributes.colour', op: 'gt', value: 1 }, false],
    [{ field: 'constructor', op: 'ne', value: 'x' }, true],
    [{ field: 'attributes.toString', op: 'eq', value: 'x' }, false],
  ];
  it.each(table)('%j is %s', (condition, expected) => {
    expect(conditionsHold([condition], data)).toBe(expected);
  });

  it('needs all of several, and none when there are none', () => {
    const both: Condition[] = [
      { field: 'totalMinor', op: 'gte', value: 500 },
      { field: 'channel', op: 'eq', value: 'app' },
    ];
    expect(conditionsHold(both, data)).toBe(false);
    expect(conditionsHold([], data)).toBe(true);
  });
});

describe('conditionProblem', () => {
  const fields = new Map<string, FieldKind>([
    ['totalMinor', 'number'],
    ['channel', 'string'],
    ['attributes.*', 'any'],
  ]);
  const table: [Condition, string | undefined][] = [
    [{ field: 'totalMinor', op: 'gte', value: 1 }, undefined],
    [{ field: 'attributes.rank', op: 'gte', value: 1 }, undefined],
    [{ field: 'channel', op: 'in', value: ['a', 'b'] }, undefined],
    [{ field: 'totl', op: 'eq', value: 1 }, 'field "totl" is not one of: totalMinor, channel, attributes.*'],
    [
      { field: 'attributes.', op: 'eq', value: 1 },
      'field "attributes." is not one of: totalMinor, channel, attributes.*',
    ],
    [
      { field: 'attributes.*', op: 'eq', value: 1 },
      'field "attributes.*" is not one of: totalMinor, channel, attributes.*',
    ],
    [{ field: 'channel', op: 'in', value: 'a' }, 'op "in" needs a list of values'],
    [{ field: 'channel', op: 'in', value: [] }, 'needs at least one value'],
    [{ field: 'channel', op: 'eq', value: ['a'] }, 'op "eq" needs one value, not a list'],
    [{ field: 'channel', op: 'gt', value: 1 }, 'op "gt" compares numbers'],
    [{ field: 'attributes.rank', op: 'gt', value: 'high' }, 'op "gt" compares numbers'],
    [{ field: 'totalMinor', op: 'eq', value: '500' }, 'field "totalMinor" holds a number'],
    [{ field: 'channel', op: 'in', value: ['a', 1] }, 'field "channel" holds a string'],
  ];
  it.each(table)('%j → %s', (condition, problem) => {
    expect(conditionProblem(condition, fields)).toBe(problem);
  });
});
