import { spawnSync } from 'node:child_process';
import { createHash, pbkdf2Sync } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import type { AccessControl, BootMenu } from '../../src/boot/index.js';
import { TygrubError } from '../../src/errors.js';
import { DEFAULT_LIMITS } from '../../src/limits.js';
import { md5Crypt } from '../../src/menu/md5-crypt.js';
import { authenticate } from '../../src/menu/passwords.js';
import { skip, tool } from '../support/requirements.js';
import { bootMenu, DOWN, Driven, debianEntries, entry } from './menus.js';

function pbkdf2(password: string, iterations = 1000): string {
  const salt = Buffer.from('00112233445566778899aabbccddeeff', 'hex');
  const hash = pbkdf2Sync(password, salt, iterations, 64, 'sha512');
  return `grub.pbkdf2.sha512.${iterations}.${salt.toString('hex').toUpperCase()}.${hash.toString('hex').toUpperCase()}`;
}

const check = (access: AccessControl, user: string | null, password: string): Promise<string | null> =>
  authenticate(access, user, password, DEFAULT_LIMITS);

describe('passwords', () => {
  it('fit when they are plain', async () => {
    const access: AccessControl = { superusers: ['root'], passwords: [{ user: 'root', scheme: 'plain', secret: 'geheim' }] };
    expect(await check(access, 'root', 'geheim')).toBe('root');
    expect(await check(access, 'root', 'geheim ')).toBeNull();
    expect(await check(access, 'root', '')).toBeNull();
    expect(await check(access, 'other', 'geheim')).toBeNull();
  });

  it('fit through PBKDF2 as grub-mkpasswd-pbkdf2 makes it', async () => {
    const access: AccessControl = { superusers: ['root'], passwords: [{ user: 'root', scheme: 'pbkdf2', secret: pbkdf2('pässword') }] };
    expect(await check(access, 'root', 'pässword')).toBe('root');
    expect(await check(access, 'root', 'password')).toBeNull();
  });

  it('fit through MD5-crypt, for anybody where the menu has no users', async () => {
    const access: AccessControl = {
      superusers: [''],
      passwords: [{ user: '', scheme: 'md5', secret: '$1$saltsalt$qjXMvbEw8oaL.CzflDtaK/' }],
    };
    expect(await check(access, null, 'password')).toBe('');
    expect(await check(access, null, 'Password')).toBeNull();
  });

  it("fit through syslinux's SHA-1 hashes", async () => {
    const secret = `$4$abc$${createHash('sha1').update('abcgeheim').digest('base64')}$`;
    const access: AccessControl = { superusers: [''], passwords: [{ user: '', scheme: 'sha1', secret }] };
    expect(await check(access, null, 'geheim')).toBe('');
    expect(await check(access, null, 'geheim2')).toBeNull();
  });

  it('with more rounds than the bound are refused, naming the bound', async () => {
    const secret = pbkdf2('x').replace('.1000.', '.4000000000.');
    const access: AccessControl = { superusers: ['root'], passwords: [{ user: 'root', scheme: 'pbkdf2', secret }] };
    await expect(check(access, 'root', 'x')).rejects.toThrow(/passwordIterations/);
  });

  it('whose hashes are damaged are an error, not a way in', async () => {
    for (const secret of [
      '',
      'grub',
      'grub.pbkdf2.sha512.10.00',
      'grub.pbkdf2.sha512.0.00.00',
      'grub.pbkdf2.sha1.10.00.00',
      pbkdf2('x').slice(0, -1),
    ]) {
      const access: AccessControl = { superusers: ['root'], passwords: [{ user: 'root', scheme: 'pbkdf2', secret }] };
      await expect(check(access, 'root', 'x')).rejects.toThrow(TygrubError);
    }
    const access: AccessControl = { superusers: [], passwords: [{ user: '', scheme: 'md5', secret: '$6$abc$def' }] };
    await expect(check(access, null, 'x')).rejects.toThrow(TygrubError);
  });

  it.skipIf(skip('MD5-crypt against OpenSSL', tool('openssl', 'apt-get install openssl')))('hash as OpenSSL does', () => {
    for (const [password, salt] of [
      ['', 'a'],
      ['x', 'saltsalt'],
      ['a password of more than sixteen bytes', 'Ab./'],
      ['ünïcode', '12345678'],
      ['y'.repeat(64), 'zzzz'],
    ] as const) {
      const run = spawnSync('openssl', ['passwd', '-1', '-salt', salt, '-stdin'], { input: `${password}\n`, encoding: 'utf8' });
      expect(md5Crypt(password, salt)).toBe(run.stdout.trim());
    }
  });
});

describe('a menu with superusers', () => {
  const locked = (changes: Partial<BootMenu> = {}): Driven => {
    const entries = debianEntries().map((e) => (e.index === 0 ? e : { ...e, users: e.index === 1 ? ['guest'] : [] }));
    const access: AccessControl = { superusers: ['root'], passwords: [{ user: 'root', scheme: 'plain', secret: 'geheim' }] };
    return new Driven(bootMenu(entries, { access, ...changes }));
  };
  const answer = (driven: Driven, user: string | null): Driven =>
    driven.happen({ kind: 'authenticated', token: driven.asked('authenticate').token, user });

  it('boots its default by itself and by Enter', () => {
    expect(locked().wait(5).result).toMatchObject({ kind: 'boot', entry: { index: 0 } });
    expect(locked().type('\r').result).toMatchObject({ kind: 'boot', entry: { index: 0 } });
  });

  it('locks e, a, c and p until the password was right', () => {
    for (const [key, text] of [
      ['e', 'Commands of'],
      ['a', 'Arguments of'],
      ['c', 'Command line'],
    ] as const) {
      const driven = locked().type(key);
      expect(driven.screen()).toContain('User name:');
      driven.type('root\rwrong\r');
      expect(driven.asked('authenticate')).toMatchObject({ user: 'root', password: 'wrong' });
      answer(driven, null);
      expect(driven.screen()).toContain('Wrong name or password');
      expect(driven.screen()).not.toContain(text);
      driven.type(`${key}root\rgeheim\r`);
      expect(answer(driven, 'root').screen()).toContain(text);
    }
  });

  it('never shows the password', () => {
    const driven = locked().type('eroot\rgeheim');
    expect(driven.screen()).toContain('Password (not shown):');
    expect(driven.screen()).not.toContain('geheim');
  });

  it('stays unlocked after a right password, for p as well', () => {
    const driven = answer(locked().type('proot\rgeheim\r'), 'root');
    expect(driven.type('e').screen()).toContain('Commands of');
  });

  it('asks for the password of an entry that not everybody may boot', () => {
    const driven = locked().type(`${DOWN}\r\r`);
    expect(driven.screen()).toContain('User name:');
    driven.type('guest\rx\r');
    expect(answer(driven, 'guest').result).toMatchObject({ kind: 'boot', entry: { index: 1 } });
  });

  it('refuses a user who may boot one entry but not another, and editing', () => {
    const other = answer(locked().type(`${DOWN}\r${DOWN}\rguest\rx\r`), 'guest');
    expect(other.result).toBeNull();
    expect(other.screen()).toContain('This user may not do that');
    expect(other.type('e').screen()).toContain('User name:');
  });

  it('asks only for a password where the config has no users', () => {
    const driven = locked({
      config: { dialect: 'grub-legacy', volume: 'msdos1', path: '/boot/grub/menu.lst' },
      access: { superusers: [''], passwords: [{ user: '', scheme: 'plain', secret: 'x' }] },
    }).type('e');
    expect(driven.screen()).toContain('Password (not shown):');
    driven.type('x\r');
    expect(driven.asked('authenticate')).toMatchObject({ user: null, password: 'x' });
    expect(answer(driven, '').screen()).toContain('Commands of');
  });

  it('of which only single entries have passwords leaves editing open', () => {
    const entries = debianEntries().map((e) => (e.index === 5 ? { ...entry(5, 'secret'), path: [2], users: ['entry 2'] } : e));
    const driven = new Driven(
      bootMenu(entries, {
        config: { dialect: 'grub-legacy', volume: 'msdos1', path: '/boot/grub/menu.lst' },
        access: { superusers: [], passwords: [{ user: 'entry 2', scheme: 'plain', secret: 'x' }] },
      }),
    );
    expect(driven.type('e').screen()).toContain('Commands of');
    driven.type(`\x1b`).type(`${DOWN}${DOWN}\r`);
    expect(driven.screen()).toContain('Password (not shown):');
    driven.type('x\r');
    expect(answer(driven, 'entry 2').result).toMatchObject({ kind: 'boot', entry: { index: 5 } });
  });

  it('cannot be unlocked by the answer to a question that was given up', () => {
    const driven = locked().type('eroot\rx\r').type('\x1b').type('\x1b');
    answer(driven, 'root');
    expect(driven.screen()).not.toContain('Commands of');
    expect(driven.type('e').screen()).toContain('User name:');
  });

  it('does not let the details page or the search around the lock', () => {
    const driven = locked().type('/recovery\r\r');
    expect(driven.screen()).toContain('User name:');
    expect(entry(0, '').users).toBeNull();
  });
});
