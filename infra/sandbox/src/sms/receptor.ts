const iranianMobile = /^(?:\+98|0098|98|0)?(9\d{9})$/;
const foreign = /^(?:\+|00)((?!98)[1-9]\d{6,14})$/;

/**
 * Reads a recipient's number as Kavenegar does: `09…`, `9…`, `98…`, `+98…`, `0098…`, and `00CC…` for abroad. Only ASCII
 * digits; a `+` that was not percent-encoded arrives as a blank and is refused, as it is there.
 * @returns the number as the answers show it (`09121234567`), or undefined when it is none
 */
export const readReceptor = (text: string): string | undefined => {
  const mobile = iranianMobile.exec(text);
  if (mobile) return `0${mobile[1]}`;
  const abroad = foreign.exec(text);
  return abroad ? `00${abroad[1]}` : undefined;
};
