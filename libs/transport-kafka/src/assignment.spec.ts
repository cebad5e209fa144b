import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { assign } from './assignment.js';

const seatsOf = (topic: string, owners: readonly (string | undefined)[]) => owners.map((owner) => ({ topic, owner }));

describe('sharing partitions among the members of a group', () => {
  it('gives each its even share, to those that consume the topic, and takes away only what is too much', () => {
    const name = fc.constantFrom('m1', 'm2', 'm3', 'm4');
    const owners = fc.array(fc.option(name, { nil: undefined }), { minLength: 1, maxLength: 12 });
    const members = fc.uniqueArray(name, { minLength: 1 });
    fc.assert(
      fc.property(owners, members, (before, names) => {
        const after = assign(seatsOf('t', before), new Map(names.map((member) => [member, ['t']])));
        const shares = names.map((member) => after.filter((owner) => owner === member).length);
        expect(Math.max(...shares) - Math.min(...shares)).toBeLessThanOrEqual(1);
        expect(after).not.toContain(undefined);
        names.forEach((member, at) => {
          const had = before.filter((owner) => owner === member).length;
          const kept = before.filter((owner, seat) => owner === member && after[seat] === member).length;
          expect(kept).toBe(Math.min(had, shares[at]!));
        });
      }),
    );
  });

  it('gives nothing to a member that does not consume the topic, and leaves what nobody consumes', () => {
    const seats = [...seatsOf('t', [undefined, undefined]), ...seatsOf('u', ['a'])];
    expect(
      assign(
        seats,
        new Map([
          ['a', ['t']],
          ['b', ['t']],
        ]),
      ),
    ).toEqual(['a', 'b', undefined]);
  });
});
