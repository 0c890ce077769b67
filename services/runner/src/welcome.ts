/** What `npm start` prints when all is up. */
export const welcome = (facts: {
  urls: Record<string, string>;
  inboxUrl: string;
  secret: string;
  folder: string;
  dataDir: string;
  bus: string;
  demonstration: string;
  seconds: number;
}): string => {
  const { urls, inboxUrl, secret, dataDir, bus, folder, demonstration, seconds } = facts;
  const rows = Object.entries(urls).map(([name, url]) => `  ${name.padEnd(13)} ${url}/docs`);
  const purchase = JSON.stringify({
    customerId: 'sara',
    orderId: 'ORDER',
    currency: 'IRR',
    totalMinor: 2_500_000,
    lines: [{ sku: 'coffee-250', name: 'قهوه ۲۵۰ گرم', category: 'coffee', quantity: 1, amountMinor: 2_500_000 }],
  }).replace('ORDER', 'order-\'"$(date +%s)"\'');
  const about =
    demonstration === 'left out'
      ? '  No demonstration data (--empty). Begin with PUT /v1/programme at the ledger.'
      : `  Demonstration (${demonstration}): a programme (1 point per 10,000 rial), a welcome message by SMS and e-mail in Persian\n` +
        '  and English, a replenishment reminder for coffee, and the customers sara (fa) and john (en), who both agreed.';
  return `
Vafa is running (started in ${seconds.toFixed(1)} s). Ctrl-C stops it.

API pages (OpenAPI JSON at /openapi.json, metrics at /metrics on the same port):
${rows.join('\n')}

Inbox page (what the sandbox SMS and e-mail providers received; nothing leaves this machine):
  ${inboxUrl}

Data:    ${dataDir}
Bus:     ${bus}
API key: ${folder}/api-key

${about}

Try a purchase, then look at the inbox:

curl -sS -X POST ${urls.gateway}/v1/purchases -H 'content-type: application/json' \\
  -H 'authorization: Bearer ${secret}' \\
  -d '${purchase}'

curl -sS ${urls.ledger}/v1/customers/sara/balance -H 'authorization: Bearer ${secret}'
curl -sS ${urls.segmentation}/v1/customers/sara -H 'authorization: Bearer ${secret}'
`;
};
