import { directionOf } from '../domain/locale-choice.ts';
import { escapeHtml } from '../rendering/email-html.ts';

interface Words {
  title: string;
  question: string;
  button: string;
  done: string;
  unknown: string;
}

const WORDS: Readonly<Record<string, Words>> = {
  fa: {
    title: 'لغو دریافت پیام',
    question: 'دیگر این پیام‌ها را دریافت نمی‌کنید. مطمئن هستید؟',
    button: 'لغو دریافت',
    done: 'انجام شد. دیگر این پیام‌ها را دریافت نمی‌کنید.',
    unknown: 'این پیوند درست نیست.',
  },
  en: {
    title: 'Unsubscribe',
    question: 'You will no longer receive these messages. Are you sure?',
    button: 'Unsubscribe',
    done: 'Done. You will no longer receive these messages.',
    unknown: 'This link is not valid.',
  },
};

/** The page behind the link in a message. Opening it changes nothing: mail scanners open links. */
export const unsubscribePage = (locale: string, what: 'question' | 'done' | 'unknown'): string => {
  const language = locale.split('-')[0] === 'fa' ? 'fa' : 'en';
  const words = WORDS[language] as Words;
  const button = `<form method="post"><button type="submit" name="List-Unsubscribe" value="One-Click">${escapeHtml(words.button)}</button></form>`;
  return `<!doctype html>
<html lang="${language}" dir="${directionOf(language)}">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><meta name="robots" content="noindex">
<title>${escapeHtml(words.title)}</title>
<style>body{font-family:Vazirmatn,Tahoma,Arial,sans-serif;max-width:30rem;margin:4rem auto;padding:0 1rem;line-height:1.8}button{font:inherit;padding:.5rem 1.5rem}</style></head>
<body><h1>${escapeHtml(words.title)}</h1><p>${escapeHtml(words[what])}</p>${what === 'question' ? button : ''}</body>
</html>
`;
};
