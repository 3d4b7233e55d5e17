import { chromium } from '@playwright/test';
import crypto from 'node:crypto';
import fs from 'node:fs';
const facts = JSON.parse(fs.readFileSync('/tmp/demo.out','utf8').split('\n')[0]);
function totp(secret){const a='ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';let bits='';for(const c of secret)bits+=a.indexOf(c).toString(2).padStart(5,'0');const key=Buffer.from(bits.match(/.{8}/g).map(b=>parseInt(b,2)));const t=Buffer.alloc(8);t.writeBigUInt64BE(BigInt(Math.floor(Date.now()/30000)));const h=crypto.createHmac('sha1',key).update(t).digest();const o=h[19]&15;return String((h.readUInt32BE(o)&0x7fffffff)%1e6).padStart(6,'0');}
const browser = await chromium.launch({executablePath:'/usr/bin/chromium',args:['--no-sandbox','--disable-gpu']});
const base='http://127.0.0.1:8099';
const statePath='/tmp/shots/state.json';
let state = fs.existsSync(statePath)?statePath:undefined;
const ctx0 = await browser.newContext({storageState:state});
const p = await ctx0.newPage();
await p.goto(base+'/console');
if(p.url().includes('sign-in')){
 await p.fill('input[name=email]',facts.email); await p.fill('input[name=password]',facts.password); await p.click('form button.go, form button'); await p.waitForLoadState();
 await p.fill('input[name=code]',totp(facts.totp_secret)); await p.click('form button.go, form button'); await p.waitForLoadState();
 await ctx0.storageState({path:statePath});
}
console.log(p.url());
const jobs = JSON.parse(process.argv[2]);
for(const [name,path,console_] of jobs){
 for(const [w,scheme] of [[1280,'light'],[320,'light'],[1280,'dark']].slice(0, Number(process.argv[3]||3))){
  const ctx = await browser.newContext({viewport:{width:w,height:900},colorScheme:scheme,storageState:console_?statePath:undefined});
  const page = await ctx.newPage();
  const r = await page.goto(base+path); await page.waitForTimeout(300);
  await page.screenshot({path:`/tmp/shots/${name}-${w}-${scheme}.png`,fullPage:true});
  const wide = await page.evaluate(()=>document.documentElement.scrollWidth>innerWidth);
  console.log(name,w,scheme,r.status(),wide?'OVERFLOW':'');
  await ctx.close();
 }
}
await browser.close();
