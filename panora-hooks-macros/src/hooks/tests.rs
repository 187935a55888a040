//! The expansion of `hooks![..]`, including lists with mistakes.

// `UPDATE_EXPECT=1` always writes raw strings with hashes.
#![allow(clippy::needless_raw_string_hashes)]

use expect_test::{Expect, expect};
use quote::quote;

use super::*;

#[expect(clippy::needless_pass_by_value, reason = "reads like the macro")]
fn check(list: TokenStream, expected: Expect) {
    let closure = hooks(quote!(krate [#list]));
    let file = syn::parse2(quote!(const HOOKS: () = #closure;)).expect("an expression");
    expected.assert_eq(&prettyplease::unparse(&file));
}

#[test]
fn an_empty_list() {
    check(
        quote!(),
        expect![[r#"
            const HOOKS: () = |registry: &mut krate::__private::Registry<_>| {
                #[allow(unused_imports)]
                use krate::__private::NotAHook as _;
                #[allow(deprecated)]
                const __PANORA_HOOKS_LISTED: &[krate::__private::Listed] = &[];
                const __PANORA_HOOKS_CLASHES: &krate::__private::Clashes = &krate::__private::clashes::<
                    0usize,
                    { krate::__private::slots(__PANORA_HOOKS_LISTED) },
                >(__PANORA_HOOKS_LISTED);
            };
        "#]],
    );
}

#[test]
fn hooks_by_path() {
    check(
        quote!(
            a,
            #[cfg(feature = "x")]
            crm::b
        ),
        expect![[r#"
            const HOOKS: () = |registry: &mut krate::__private::Registry<_>| {
                #[allow(unused_imports)]
                use krate::__private::NotAHook as _;
                #[allow(deprecated)]
                const __PANORA_HOOKS_LISTED: &[krate::__private::Listed] = &[
                    krate::__private::listed(0usize, "a", &a),
                    #[cfg(feature = "x")]
                    krate::__private::listed(1usize, "crm::b", &crm::b),
                ];
                const __PANORA_HOOKS_CLASHES: &krate::__private::Clashes = &krate::__private::clashes::<
                    2usize,
                    { krate::__private::slots(__PANORA_HOOKS_LISTED) },
                >(__PANORA_HOOKS_LISTED);
                #[cfg(feature = "x")]
                const _: () = {
                    use krate::__private::assert_unclaimed;
                    assert_unclaimed(__PANORA_HOOKS_CLASHES, 1usize)
                };
                krate::__private::Entry::of(&a, registry).__panora_hooks_register();
                #[cfg(feature = "x")]
                krate::__private::Entry::of(&crm::b, registry).__panora_hooks_register();
            };
        "#]],
    );
}

#[test]
fn valid_entries_are_registered_beside_invalid_ones() {
    check(
        quote!(a(), "b", c::<u8>),
        expect![[r#"
            const HOOKS: () = |registry: &mut krate::__private::Registry<_>| {
                ::core::compile_error! {
                    "expected a path to a hook, found a call\nhelp: write `a`"
                }
                ::core::compile_error! {
                    "expected a path to a hook\nhelp: list the function, not its event type"
                }
                ::core::compile_error! {
                    "hooks cannot be generic\nhelp: write `c`"
                }
                #[allow(unused_imports)]
                use krate::__private::NotAHook as _;
                #[allow(deprecated)]
                const __PANORA_HOOKS_LISTED: &[krate::__private::Listed] = &[
                    krate::__private::listed(0usize, "a", &a),
                    krate::__private::listed(1usize, "c", &c),
                ];
                const __PANORA_HOOKS_CLASHES: &krate::__private::Clashes = &krate::__private::clashes::<
                    2usize,
                    { krate::__private::slots(__PANORA_HOOKS_LISTED) },
                >(__PANORA_HOOKS_LISTED);
                const _: () = {
                    use krate::__private::assert_unclaimed;
                    assert_unclaimed(__PANORA_HOOKS_CLASHES, 1usize)
                };
                krate::__private::Entry::of(&a, registry).__panora_hooks_register();
                krate::__private::Entry::of(&c, registry).__panora_hooks_register();
            };
        "#]],
    );
}
