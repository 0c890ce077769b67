/** Rewards that customers of the operations claim: few pieces and codes, or few for each customer. */
export const CLAIMABLE = [
  { costPoints: 4, stock: 3, perCustomer: null, codes: 4 },
  { costPoints: 7, stock: null, perCustomer: 2, codes: null },
] as const;
export type Claimable = (typeof CLAIMABLE)[number];
