/** A purchase of something in a category. */
export interface CategoryPurchase {
  customerId: string;
  category: string;
  orderId: string;
  at: Temporal.Instant;
  /** Of the first line of the category. */
  sku: string;
  productName?: string | undefined;
}

interface Bought {
  customerId: string;
  orderId: string;
  at: Temporal.Instant;
  lines: readonly { sku: string; name?: string; category?: string }[];
}

/** Which of two is the newer: by time, and by order id where two share it, so that any order of telling ends the same. */
const isNewer = (one: CategoryPurchase, other: CategoryPurchase): boolean => {
  const order = Temporal.Instant.compare(one.at, other.at);
  return order === 0 ? one.orderId > other.orderId : order > 0;
};

/** The newest purchase of each customer and category among those given; categories nobody waits for are left out. */
export const newestByCategory = (purchases: readonly Bought[], categories: ReadonlySet<string>): CategoryPurchase[] => {
  const newest = new Map<string, CategoryPurchase>();
  for (const { customerId, orderId, at, lines } of purchases) {
    for (const { category, sku, name } of lines) {
      if (category === undefined || !categories.has(category)) continue;
      const found = { customerId, category, orderId, at, sku, productName: name };
      const key = `${customerId}\u0000${category}`;
      const known = newest.get(key);
      if (!known || isNewer(found, known)) newest.set(key, found);
    }
  }
  return [...newest.values()];
};
