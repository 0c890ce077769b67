/** What an order's lines of one sku come to: [quantity, amountMinor, refundedQuantity, refundedMinor]. */
export type OrderLine = [quantity: number, amountMinor: number, refundedQuantity?: number, refundedMinor?: number];
