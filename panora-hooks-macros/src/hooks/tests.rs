//! What `hooks![..]` writes, and what it still writes when something is wrong.

// What `UPDATE_EXPECT=1` writes.
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
fn no_hook() {
    check(
        quote!(),
        expect![[r#"
            const HOOKS: () = |registry: &mut krate::__private::Registry<_>| {
                const LISTED: &[krate::__private::Listed] = &[];
                const CLASHES: &krate::__private::Clashes = &krate::__private::clashes::<
                    0usize,
                    { krate::__private::slots(LISTED) },
                >(LISTED);
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
                const LISTED: &[krate::__private::Listed] = &[
                    {
                        #[allow(unused_imports)]
                        use krate::__private::fallback::*;
                        #[allow(unused_imports)]
                        use a as __hook;
                        krate::__private::Listed {
                            position: 0usize,
                            name: "a",
                            definition: <krate::__private::Probe<__hook>>::DEFINITION,
                        }
                    },
                    #[cfg(feature = "x")]
                    {
                        #[allow(unused_imports)]
                        use krate::__private::fallback::*;
                        #[allow(unused_imports)]
                        use crm::b as __hook;
                        krate::__private::Listed {
                            position: 1usize,
                            name: "crm::b",
                            definition: <krate::__private::Probe<__hook>>::DEFINITION,
                        }
                    },
                ];
                const CLASHES: &krate::__private::Clashes = &krate::__private::clashes::<
                    2usize,
                    { krate::__private::slots(LISTED) },
                >(LISTED);
                #[cfg(feature = "x")]
                const _: () = {
                    use krate::__private::assert_unclaimed;
                    assert_unclaimed(CLASHES, 1usize)
                };
                {
                    #[allow(unused_imports)]
                    use krate::__private::fallback::*;
                    #[allow(unused_imports)]
                    use a as __hook;
                    #[allow(non_snake_case, unreachable_patterns)]
                    const IS_FOUND: bool = match true {
                        __hook => __hook,
                        _ => false,
                    };
                    krate::__private::Candidate::<'_, __hook, _, IS_FOUND>::of(registry).register();
                }
                #[cfg(feature = "x")]
                {
                    #[allow(unused_imports)]
                    use krate::__private::fallback::*;
                    #[allow(unused_imports)]
                    use crm::b as __hook;
                    #[allow(non_snake_case, unreachable_patterns)]
                    const IS_FOUND: bool = match true {
                        __hook => __hook,
                        _ => false,
                    };
                    krate::__private::Candidate::<'_, __hook, _, IS_FOUND>::of(registry).register();
                }
            };
        "#]],
    );
}

#[test]
fn what_is_right_is_registered_beside_what_is_wrong() {
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
                const LISTED: &[krate::__private::Listed] = &[
                    {
                        #[allow(unused_imports)]
                        use krate::__private::fallback::*;
                        #[allow(unused_imports)]
                        use a as __hook;
                        krate::__private::Listed {
                            position: 0usize,
                            name: "a",
                            definition: <krate::__private::Probe<__hook>>::DEFINITION,
                        }
                    },
                    {
                        #[allow(unused_imports)]
                        use krate::__private::fallback::*;
                        #[allow(unused_imports)]
                        use c as __hook;
                        krate::__private::Listed {
                            position: 1usize,
                            name: "c",
                            definition: <krate::__private::Probe<__hook>>::DEFINITION,
                        }
                    },
                ];
                const CLASHES: &krate::__private::Clashes = &krate::__private::clashes::<
                    2usize,
                    { krate::__private::slots(LISTED) },
                >(LISTED);
                const _: () = {
                    use krate::__private::assert_unclaimed;
                    assert_unclaimed(CLASHES, 1usize)
                };
                {
                    #[allow(unused_imports)]
                    use krate::__private::fallback::*;
                    #[allow(unused_imports)]
                    use a as __hook;
                    #[allow(non_snake_case, unreachable_patterns)]
                    const IS_FOUND: bool = match true {
                        __hook => __hook,
                        _ => false,
                    };
                    krate::__private::Candidate::<'_, __hook, _, IS_FOUND>::of(registry).register();
                }
                {
                    #[allow(unused_imports)]
                    use krate::__private::fallback::*;
                    #[allow(unused_imports)]
                    use c as __hook;
                    #[allow(non_snake_case, unreachable_patterns)]
                    const IS_FOUND: bool = match true {
                        __hook => __hook,
                        _ => false,
                    };
                    krate::__private::Candidate::<'_, __hook, _, IS_FOUND>::of(registry).register();
                }
            };
        "#]],
    );
}
