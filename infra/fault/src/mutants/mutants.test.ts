import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { MUTANTS } from './mutants.ts';
import { filesOf, plant, plantAll } from './plant.ts';
import { SHARED_HOUSES } from './shared-houses.ts';

const root = fileURLToPath(new URL('../../../../', import.meta.url));

it.each(MUTANTS.map((mutant) => [mutant.name, mutant] as const))(
  '%s finds its place in the sources',
  (_name, mutant) => {
    expect(filesOf(mutant).length + (mutant.sql === undefined ? 0 : 1)).toBeGreaterThan(0);
    for (const file of filesOf(mutant)) {
      const source = readFileSync(`${root}${file}`, 'utf8');
      expect(plant(mutant, file, source)).not.toBe(source);
    }
  },
);

it('refuses a piece that is not there, or stands there twice', () => {
  const mutant = {
    ...{ name: 'm', does: '', shows: [] },
    replacements: [{ file: 'a.ts', find: 'x();', put: 'y();' }],
  };
  expect(plant(mutant, 'a.ts', 'x();')).toBe('y();');
  expect(plant(mutant, 'b.ts', 'z();')).toBe('z();');
  expect(() => plant(mutant, 'a.ts', 'z();')).toThrow('0 times');
  expect(() => plant(mutant, 'a.ts', 'x(); x();')).toThrow('2 times');
});

it('plants every mutant of the tests in one house', () => {
  const planted = SHARED_HOUSES.flat();
  expect(new Set(planted).size).toBe(planted.length);
  expect(planted.map(({ name }) => name).sort()).toEqual(
    MUTANTS.filter(({ extra }) => !extra)
      .map(({ name }) => name)
      .sort(),
  );
});

it('plants those that share a house beside each other', () => {
  for (const mutants of SHARED_HOUSES)
    for (const file of new Set(mutants.flatMap(filesOf))) {
      const source = readFileSync(`${root}${file}`, 'utf8');
      expect(plantAll(mutants, file, source)).not.toBe(source);
    }
});
