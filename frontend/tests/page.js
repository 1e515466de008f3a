// The little of a browser that modules look at when they are loaded.
globalThis.document ??= { documentElement: { lang: 'en' }, addEventListener() {}, querySelector: () => null };
globalThis.window ??= { addEventListener() {} };
