/** States of one message (`entries.status`) with the words the API gives them. */
export const messageStatusTexts = {
  1: 'در صف ارسال',
  2: 'زمان بندی شده',
  4: 'ارسال شده به مخابرات',
  6: 'خطا در ارسال پیام',
  10: 'رسیده به گیرنده',
  11: 'نرسیده به گیرنده',
  13: 'ارسال پیام لغو شده',
  14: 'بلاک شده است',
  100: 'شناسه پیامک نامعتبر است',
} as const;

export type MessageStatus = keyof typeof messageStatusTexts;

const returnMessages: Record<number, string> = {
  200: 'تایید شد',
  400: 'پارامترها ناقص هستند',
  401: 'حساب کاربری غیرفعال شده است',
  402: 'عملیات ناموفق بود',
  403: 'کد شناسائی API-Key معتبر نمی‌باشد',
  404: 'متد نامشخص است',
  405: 'متد Get/Post اشتباه است',
  406: 'پارامترهای اجباری خالی ارسال شده اند',
  407: 'دسترسی به اطلاعات مورد نظر برای شما امکان پذیر نیست',
  409: 'سرور قادر به پاسخگوئی نیست بعدا تلاش کنید',
  411: 'دریافت کننده نامعتبر است',
  412: 'ارسال کننده نامعتبر است',
  413: 'پیام خالی است و یا طول پیام بیش از حد مجاز می‌باشد',
  414: 'حجم درخواست بیشتر از حد مجاز است',
  416: 'IP سرویس مبدا با تنظیمات مطابقت ندارد',
  417: 'تاریخ ارسال اشتباه است و فرمت آن صحیح نمی‌باشد',
  418: 'اعتبار شما کافی نمی‌باشد',
  419: 'طول آرایه متن و گیرنده و فرستنده هم اندازه نیست',
  420: 'استفاده از لینک در متن پیام برای شما محدود شده است',
  422: 'داده ها به دلیل وجود کاراکتر نامناسب قابل پردازش نیست',
  429: 'IP محدود شده است',
  451: 'فراخوانی بیش از حد در بازه زمانی مشخص، IP محدود شده است',
  501: 'فقط امکان ارسال پیام تست به شماره صاحب حساب کاربری وجود دارد',
  607: 'نام تگ انتخابی اشتباه است',
};

/** What a call comes to: `return.status` and, when it is 200, the entries. */
export interface Outcome {
  status: number;
  entries: unknown;
}

/** A call that went well. */
export const granted = (entries: unknown): Outcome => ({ status: 200, entries });

/** A call that is refused with this `return.status`. */
export const refused = (status: number): Outcome => ({ status, entries: null });

/** The JSON body of an answer. */
export const envelopeOf = ({ status, entries }: Outcome): string =>
  JSON.stringify({ return: { status, message: returnMessages[status] ?? 'خطا' }, entries });

/** The API answers with its own status as HTTP status where that is one (607 and 800–813 are none). */
export const httpStatusOf = (status: number): number => (status >= 200 && status < 600 ? status : 400);
