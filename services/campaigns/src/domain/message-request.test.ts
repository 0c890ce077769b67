import { event, MessageRequested, problemsOf } from '@vafa/contracts';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { paramsOf, requestIdOf } from './message-request.ts';

describe('requestIdOf', () => {
  it('reads as what it is', () => {
    expect(requestIdOf('welcome', 'c1', 'order:A-1', 'sms')).toBe('campaign:welcome:c1:order:A-1:sms');
  });

  it('keeps customers and triggers apart that would read alike', () => {
    expect(requestIdOf('w', 'a:order', 'b', 'sms')).not.toBe(requestIdOf('w', 'a', 'order:b', 'sms'));
    expect(requestIdOf('w', 'a%3A', 'b', 'sms')).not.toBe(requestIdOf('w', 'a:', 'b', 'sms'));
  });

  it('fits the contract and differs wherever its parts differ', () => {
    const part = fc.string({ minLength: 1, maxLength: 128, size: 'max' });
    fc.assert(
      fc.property(part, part, part, part, (customer, trigger, otherCustomer, otherTrigger) => {
        const one = requestIdOf('w', customer, trigger, 'sms');
        const other = requestIdOf('w', otherCustomer, otherTrigger, 'sms');
        expect(one.length).toBeLessThanOrEqual(200);
        expect(one === other).toBe(customer === otherCustomer && trigger === otherTrigger);
      }),
    );
  });
});

describe('paramsOf', () => {
  it('takes plain fields and attributes, and no attribute hides a field', () => {
    const data = {
      orderId: 'A-1',
      totalMinor: 5,
      lines: [{ sku: 'x' }],
      attributes: { colour: 'red', totalMinor: 9, customerId: 'x' },
    };
    expect(paramsOf('c1', { customerId: 'old', ...data })).toEqual({
      customerId: 'c1',
      orderId: 'A-1',
      totalMinor: 5,
      colour: 'red',
    });
  });

  it('always makes params that the contract takes', () => {
    const value = fc.oneof(
      fc.string({ maxLength: 3_000, size: 'max' }),
      fc.double({ noNaN: true, noDefaultInfinity: true }),
      fc.boolean(),
      fc.array(fc.integer()),
    );
    const names = fc.string({ maxLength: 80, size: 'max' });
    fc.assert(
      fc.property(
        fc.dictionary(names, value, { maxKeys: 70 }),
        fc.dictionary(names, value, { maxKeys: 70 }),
        (fields, attributes) => {
          const envelope = event(
            MessageRequested,
            { id: '1', source: '/vafa/campaigns', time: '2026-11-21T00:00:00Z' },
            {
              customerId: 'c1',
              requestId: 'r1',
              channel: 'sms',
              templateId: 't1',
              purpose: 'service',
              params: paramsOf('c1', { ...fields, attributes }),
              expiresAt: '2026-11-22T00:00:00Z',
              cause: { kind: 'campaign', id: 'w' },
            },
          );
          expect(problemsOf(MessageRequested, envelope.data)).toEqual([]);
        },
      ),
    );
  });
});
