import nodemailer from 'nodemailer';
import { startSandbox } from './src/start-sandbox.ts';
const s = await startSandbox({ inboxPort: 18025, smsPort: 18026, smtpPort: 18027 });
const sms = (receptor: string, message: string, localid: string) => fetch(`${s.smsUrl}/v1/sandbox/sms/send.json`, { method: 'POST', body: new URLSearchParams({ receptor, message, localid, tag: 'welcome' }) });
const t = nodemailer.createTransport(s.smtpUrl);
await sms('09121234567', 'سارا جان، به باشگاه مشتریان وفا خوش آمدی! 🎁\nبا خرید امروزت ۱۲۰ امتیاز گرفتی.\nموجودی: ۱۲۰ امتیاز\nجزئیات: https://vafa.example/p/8Xk2\nلغو11', '1');
await sms('0014155550123', 'Hi John, thanks for your purchase. You earned 45 points, balance 45. See https://vafa.example/p/9 for rewards.', '2');
s.sms.script.next({ kind: 'ok', delivery: 'undelivered' });
await sms('09351112233', 'یادآوری: قهوه‌ی شما احتمالاً رو به اتمام است. با کد VAFA-20 تا جمعه ۲۰٪ تخفیف بگیرید.', '3');
await t.sendMail({ from: '"فروشگاه وفا" <hello@shop.example>', to: '"سارا محمدی" <sara@example.com>', subject: 'خوش آمدی! ۱۲۰ امتیاز در حساب توست', text: 'سارا جان سلام\n\nبا خرید امروزت ۱۲۰ امتیاز گرفتی.\nمشاهده: https://vafa.example/p/8Xk2', headers: { 'X-Vafa-Message-Id': '4', 'X-Vafa-Campaign': 'welcome' },
 html: `<!doctype html><html dir="rtl" lang="fa"><head><meta charset="utf-8"></head><body style="margin:0;background:#f2f4f8;font-family:Tahoma,sans-serif"><div style="max-width:560px;margin:24px auto;background:#fff;border-radius:10px;padding:28px"><h1 style="color:#3b5bdb;font-size:22px">خوش آمدی سارا!</h1><p>با خرید امروزت <b>۱۲۰ امتیاز</b> گرفتی. این امتیازها تا پایان اسفند قابل استفاده‌اند.</p><p><a href="https://vafa.example" style="background:#3b5bdb;color:#fff;padding:10px 22px;border-radius:8px;text-decoration:none">مشاهده‌ی امتیازها</a></p><p style="color:#888;font-size:12px">برای لغو دریافت ایمیل <a href="https://vafa.example/u">اینجا</a> را بزنید.</p></div></body></html>` });
await t.sendMail({ from: 'Shop <hello@shop.example>', to: ['john@example.com', 'ann@example.com'], subject: 'Your 45 points are waiting', text: 'Hello John,\n\nYou earned 45 points with order #1042.\n\nManage: https://vafa.example/p/9\n\n— The shop' });
await sms('09121234567', 'OTP: 48213', '6');
await sms('09361234567', 'امتیاز شما تا ۳ روز دیگر منقضی می‌شود.', '7');
t.close();
console.log('ready');
