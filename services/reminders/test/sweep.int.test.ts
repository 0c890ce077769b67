import type { Sql } from '@vafa/bus';
import { type Harness, startHarness } from '@vafa/testing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { reminders } from '../src/index.ts';
import { fireDue } from '../src/use-cases/fire-due.ts';
import { asked, at, bought, COFFEE, counts, define, NOW, publish } from './given.ts';

const MEMBERS = 47;
const DUE = '2026-12-21T08:00:00Z';
const expected = Array.from({ length: MEMBERS }, (_, i) => `c${i} A-${i}`).sort();

let h: Harness;
beforeEach(async () => {
  h = await startHarness({ services: [reminders], now: NOW });
  await define(h, COFFEE);
  await publish(
    h,
    Array.from({ length: MEMBERS }, (_, i) => bought(`c${i}`, `A-${i}`)),
  );
  h.clock.set(DUE);
});
afterEach(() => h.stop());

const context = () => h.service('reminders').context;

describe('the sweep', () => {
  it('goes on after a restart in the middle, with no double and no miss', async () => {
    expect(await fireDue(context(), 10, 0)).toBe(10);
    expect(await fireDue(context(), 10, 1)).toBe(10);
    await h.restart('reminders');
    await h.settle();
    expect(await asked(h)).toEqual(expected);
    expect(await counts(h, 'coffee')).toMatchObject({ fired: MEMBERS, waiting: 0 });
  });

  it('leaves nothing of a portion whose process is killed before the commit', async () => {
    await fireDue(context(), 10, 0);
    // The server ends the connection after the portion's last statement: what a kill -9 of the process looks like to it.
    const killed = {
      begin: (work: (tx: unknown) => Promise<unknown>) =>
        context().sql.begin(async (tx) => {
          const done = await work(tx);
          const [self] = await tx<{ pid: number }[]>`select pg_backend_pid() as pid`;
          await h.admin`select pg_terminate_backend(${self?.pid ?? 0})`;
          return done;
        }),
    } as unknown as Sql;
    await expect(fireDue({ sql: killed, clock: h.clock }, 10, 0)).rejects.toThrow();
    expect(await h.sql('reminders')`select count(*) as fired from timer where status = 'fired'`).toEqual([
      { fired: 10 },
    ]);
    await h.settle();
    expect(await asked(h)).toEqual(expected);
  });

  it('is done by several processes at once without a double', async () => {
    const worker = async (turn: number) => {
      for (let idle = 0; idle < 3; ) idle = (await fireDue(context(), 3, turn)) === 0 ? idle + 1 : 0;
    };
    await Promise.all([worker(0), worker(1), worker(2)]);
    await h.settle();
    expect(await asked(h)).toEqual(expected);
  });

  it('does not let the backlog of one definition keep another waiting', async () => {
    await define(h, { ...COFFEE, id: 'tea', category: 'tea' });
    await publish(h, [bought('t1', 'T-1', { categories: ['tea'], time: '2026-11-21T08:00:01Z' })]);
    h.clock.set('2026-12-21T08:00:01Z');
    // Turns go round the definitions: single reminders, coffee, tea.
    const turns = [0, 1, 2];
    for (const turn of turns) await fireDue(context(), 5, turn);
    expect(await h.sql('reminders')`select status from timer where customer_id = 't1'`).toEqual([{ status: 'fired' }]);
    await at(h, '2026-12-21T08:00:02Z');
    expect(await asked(h)).toEqual([...expected, 't1 T-1'].sort());
  });
});
