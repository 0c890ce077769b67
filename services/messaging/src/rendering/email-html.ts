import { directionOf } from '../domain/locale-choice.ts';

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

export const escapeHtml = (text: string): string =>
  text.replace(/[&<>"']/g, (character) => ENTITIES[character] ?? character);

const LINK = /https?:\/\/[^\s<>"']+[^\s<>"'.,;:!?()،؛؟]/g;

/** Plain text as HTML: paragraphs at blank lines, breaks at line ends, links to click, isolated from the text's direction. */
export const textToHtml = (text: string): string =>
  text
    .split(/\n{2,}/)
    .map((paragraph) => {
      const parts: string[] = [];
      let end = 0;
      for (const match of paragraph.matchAll(LINK)) {
        const url = escapeHtml(match[0]);
        parts.push(escapeHtml(paragraph.slice(end, match.index)), `<a href="${url}"><bdi dir="ltr">${url}</bdi></a>`);
        end = match.index + match[0].length;
      }
      parts.push(escapeHtml(paragraph.slice(end)));
      return `<p style="margin:0 0 16px">${parts.join('').replaceAll('\n', '<br>\n')}</p>`;
    })
    .join('\n');

/** The words of the way out of advertisements, by language. */
const WAY_OUT: Readonly<Record<string, string>> = {
  fa: 'لغو دریافت این پیام‌ها',
  en: 'Unsubscribe from these messages',
};

export const wayOutWords = (locale: string): string => WAY_OUT[locale.split('-')[0] ?? ''] ?? (WAY_OUT.en as string);

const footerOf = (locale: string, unsubscribeUrl: string): string =>
  `<p style="margin:24px 0 0;font-size:12px;color:#777777"><a href="${escapeHtml(unsubscribeUrl)}" style="color:#777777">${wayOutWords(locale)}</a></p>`;

/**
 * The whole page of an e-mail. Direction and alignment stand on the table cells too, because Outlook and Gmail drop those
 * of html and body; Tahoma is the font that shows Persian everywhere.
 */
export const wrapHtml = (
  content: string,
  page: { locale: string; subject: string; unsubscribeUrl: string | null },
): string => {
  const { locale, subject, unsubscribeUrl } = page;
  const footer = unsubscribeUrl ? footerOf(locale, unsubscribeUrl) : '';
  if (/<html[\s>]/i.test(content)) {
    const end = content.search(/<\/body>/i);
    return end < 0 ? content + footer : content.slice(0, end) + footer + content.slice(end);
  }
  const direction = directionOf(locale);
  const align = direction === 'rtl' ? 'right' : 'left';
  return `<!doctype html>
<html lang="${escapeHtml(locale)}" dir="${direction}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeHtml(subject)}</title>
</head>
<body dir="${direction}" style="margin:0;padding:0;background-color:#f4f4f4">
<table role="presentation" width="100%" cellpadding="0" cellspacing="0" border="0" dir="${direction}">
<tr><td align="center" dir="${direction}" style="padding:16px">
<table role="presentation" width="600" cellpadding="0" cellspacing="0" border="0" dir="${direction}" style="width:100%;max-width:600px;background-color:#ffffff">
<tr><td dir="${direction}" style="padding:24px;text-align:${align};font-family:Vazirmatn,Tahoma,Arial,sans-serif;font-size:16px;line-height:1.8;color:#222222">
${content}
${footer}
</td></tr>
</table>
</td></tr>
</table>
</body>
</html>
`;
};
