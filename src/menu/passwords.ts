/** Passwords of boot menus: plain, GRUB 2's PBKDF2 and GRUB legacy's MD5-crypt. */
import { createHash, pbkdf2, timingSafeEqual } from 'node:crypto';
import type { AccessControl } from '../boot/index.js';
import { corrupt, limitReached, unsupported } from '../errors.js';
import type { Limits } from '../limits.js';
import { md5Crypt, md5CryptSalt } from './md5-crypt.js';

/** A password record of a menu. */
export type PasswordRecord = AccessControl['passwords'][number];

/**
 * Checks a name and a password against a menu's records. The time that it takes tells nothing about how much of a
 * password was right.
 * @param user null where the menu's passwords belong to nobody in particular (GRUB legacy): any record may fit
 * @returns the user of the record that fits, or null
 * @throws TygrubError limit (`passwordIterations`), corrupt or unsupported when no record fits and one cannot be read
 */
export async function authenticate(access: AccessControl, user: string | null, password: string, limits: Limits): Promise<string | null> {
  let failure: unknown;
  for (const record of access.passwords) {
    if (user !== null && record.user !== user) continue;
    try {
      if (await fits(record, password, limits)) return record.user;
    } catch (error) {
      failure ??= error;
    }
  }
  if (failure !== undefined) throw failure;
  return null;
}

/** Whether a password is the one of a record. @throws TygrubError as `authenticate` does */
export async function fits(record: PasswordRecord, password: string, limits: Limits): Promise<boolean> {
  switch (record.scheme) {
    case 'plain':
      return sameText(record.secret, password);
    case 'pbkdf2':
      return fitsPbkdf2(record, password, limits);
    case 'md5': {
      const salt = md5CryptSalt(record.secret);
      if (salt === null) throw unsupported('menu.password-scheme', 'the menu has a password hash that is not MD5-crypt ($1$...)');
      return sameText(record.secret, md5Crypt(password, salt));
    }
    case 'sha1':
      return fitsSha1(record.secret, password);
    case 'sha-crypt':
      throw unsupported('menu.password-scheme', 'the menu has a SHA-crypt password hash ($5$, $6$), which tygrub does not check');
  }
}

/** syslinux's `$4$SALT$BASE64`: SHA-1 over salt and password, in base64 with or without its padding. */
function fitsSha1(secret: string, password: string): boolean {
  const [before, number, salt, hash] = secret.split('$');
  if (before !== '' || number !== '4' || salt === undefined || hash === undefined) {
    throw corrupt('menu.password-hash', 'a SHA-1 password hash of the menu is not of the form $4$SALT$HASH');
  }
  const digest = createHash('sha1').update(salt, 'utf8').update(password, 'utf8').digest('base64');
  return sameText(hash.replace(/={0,2}$/, ''), digest.replace(/={0,2}$/, ''));
}

/** `grub.pbkdf2.sha512.ITERATIONS.SALT.HASH`, salt and hash in hexadecimal. */
async function fitsPbkdf2(record: PasswordRecord, password: string, limits: Limits): Promise<boolean> {
  const [grub, scheme, digest, count = '', salt = '', hash = '', ...more] = record.secret.split('.');
  const wellFormed = grub === 'grub' && scheme === 'pbkdf2' && digest === 'sha512' && more.length === 0;
  if (!wellFormed || !isHex(salt) || !isHex(hash) || !/^\d{1,15}$/.test(count) || Number(count) < 1) {
    throw corrupt('menu.password-hash', `the PBKDF2 hash of user ${record.user} is not of the form grub.pbkdf2.sha512.COUNT.SALT.HASH`);
  }
  const iterations = Number(count);
  if (iterations > limits.passwordIterations) {
    throw limitReached('passwordIterations', `the password of user ${record.user} asks for ${iterations} rounds of PBKDF2`);
  }
  const wanted = Buffer.from(hash, 'hex');
  const got = await new Promise<Buffer>((resolve, reject) => {
    pbkdf2(password, Buffer.from(salt, 'hex'), iterations, wanted.length, 'sha512', (error, key) =>
      error === null ? resolve(key) : reject(error),
    );
  });
  return timingSafeEqual(got, wanted);
}

/** GRUB writes these in upper case; both are read. Bounded, so that no hash of a megabyte is derived. */
function isHex(text: string): boolean {
  return text.length > 0 && text.length % 2 === 0 && text.length <= 256 && /^[0-9a-fA-F]*$/.test(text);
}

/** Compares texts of any lengths in constant time, through digests of one length. */
function sameText(a: string, b: string): boolean {
  const digest = (text: string): Buffer => createHash('sha256').update(text, 'utf8').digest();
  return timingSafeEqual(digest(a), digest(b));
}
