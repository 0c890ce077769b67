/** An E.164 number as Kavenegar wants it: `09…` for Iran, `00CC…` for abroad. */
export const toReceptor = (phone: string): string =>
  phone.startsWith('+98') ? `0${phone.slice(3)}` : `00${phone.slice(1)}`;
