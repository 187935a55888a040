//! The expansion of `#[on(..)]`, including functions with mistakes.

// `UPDATE_EXPECT=1` always writes raw strings with hashes. Expansions are long.
#![allow(clippy::needless_raw_string_hashes, clippy::too_many_lines)]

use expect_test::{Expect, expect};
use quote::quote;

use super::*;

#[expect(clippy::needless_pass_by_value, reason = "reads like the macro")]
fn check(attribute: TokenStream, item: TokenStream, expected: Expect) {
    let file = syn::parse2(on(attribute, item)).expect("items");
    expected.assert_eq(&prettyplease::unparse(&file));
}

#[test]
#[expect(clippy::too_many_lines, reason = "the whole of what a hook becomes")]
fn a_hook() {
    check(
        quote!("crm.contact.created", "crm.deal.*"),
        quote! {
            /// Greets.
            #[cfg(feature = "x")]
            pub(crate) async fn greet(
                Event(contact): Event<Contact>,
                State(db): State<Db>,
            ) -> Result<(), Error> {
                db.greet(contact).await
            }
        },
        expect![[r#"
            /// Greets.
            #[cfg(feature = "x")]
            pub(crate) fn greet(
                argument_0: Event<Contact>,
                argument_1: State<Db>,
            ) -> ::panora_hooks::__private::FutureOf<
                ::panora_hooks::__private::HookId<
                    8793337813887756370u64,
                    {
                        ::panora_hooks::__private::place(
                            ::panora_hooks::__private::concat!(
                                ::panora_hooks::__private::module_path!(), ":",
                                ::panora_hooks::__private::line!()
                            ),
                            [
                                ::panora_hooks::__private::option_env!("CARGO_PKG_NAME"),
                                ::panora_hooks::__private::option_env!("CARGO_PKG_VERSION"),
                                ::panora_hooks::__private::option_env!("CARGO_BIN_NAME"),
                            ],
                            ::panora_hooks::__private::cfg!(test),
                        )
                    },
                >,
                impl ::panora_hooks::__private::Future<Output = Result<(), Error>>,
            > {
                #[allow(clippy::unused_async)]
                async fn __panora_hooks_inner(
                    Event(contact): Event<Contact>,
                    State(db): State<Db>,
                ) -> Result<(), Error> {
                    db.greet(contact).await
                }
                #[allow(missing_debug_implementations, non_camel_case_types, unreachable_pub)]
                pub struct __panora_hooks_greet {}
                #[allow(non_local_definitions)]
                #[automatically_derived]
                impl ::panora_hooks::__private::Identifies<__panora_hooks_greet>
                for ::panora_hooks::__private::HookId<
                    8793337813887756370u64,
                    {
                        ::panora_hooks::__private::place(
                            ::panora_hooks::__private::concat!(
                                ::panora_hooks::__private::module_path!(), ":",
                                ::panora_hooks::__private::line!()
                            ),
                            [
                                ::panora_hooks::__private::option_env!("CARGO_PKG_NAME"),
                                ::panora_hooks::__private::option_env!("CARGO_PKG_VERSION"),
                                ::panora_hooks::__private::option_env!("CARGO_BIN_NAME"),
                            ],
                            ::panora_hooks::__private::cfg!(test),
                        )
                    },
                > {}
                #[allow(deprecated, non_local_definitions)]
                #[automatically_derived]
                impl ::panora_hooks::__private::Described for __panora_hooks_greet {
                    const DEFINITION: ::panora_hooks::__private::Definition = ::panora_hooks::__private::Definition {
                        name: ::panora_hooks::__private::concat!(
                            ::panora_hooks::__private::module_path!(), "::", "greet"
                        ),
                        patterns: &["crm.contact.created", "crm.deal.*"],
                        is_unlisted: false,
                        timeout: ::panora_hooks::__private::None,
                        attempts: ::panora_hooks::__private::None,
                        concurrency: ::panora_hooks::__private::None,
                        serial: ::panora_hooks::__private::None,
                        transaction: {
                            use ::panora_hooks::__private::NoTransaction as _;
                            let _ = ::panora_hooks::__private::Argument::<
                                (),
                            >::__PANORA_HOOKS_TRANSACTION;
                            ::panora_hooks::__private::transaction(
                                &[
                                    ::panora_hooks::__private::Argument::<
                                        State<Db>,
                                    >::__PANORA_HOOKS_TRANSACTION,
                                ],
                            )
                        },
                        file: ::panora_hooks::__private::file!(),
                        line: ::panora_hooks::__private::line!(),
                    };
                }
                #[allow(non_local_definitions)]
                #[automatically_derived]
                impl<__S> ::panora_hooks::__private::Hook<__S> for __panora_hooks_greet
                where
                    __S: ::panora_hooks::__private::Send + 'static,
                    State<Db>: ::panora_hooks::__private::FromDelivery<__S>,
                {
                    #[allow(deprecated, unreachable_code, unused_variables)]
                    fn call(
                        delivery: ::panora_hooks::__private::Delivery<'static>,
                        state: __S,
                    ) -> ::panora_hooks::__private::HookFuture {
                        ::panora_hooks::__private::Box::pin(async move {
                            let argument_0 = ::panora_hooks::__private::extract::<
                                Event<Contact>,
                                __S,
                            >(&delivery, &state)?;
                            let argument_1 = ::panora_hooks::__private::extract::<
                                State<Db>,
                                __S,
                            >(&delivery, &state)?;
                            ::panora_hooks::__private::drop((delivery, state));
                            let __panora_hooks_outcome = __panora_hooks_inner(argument_0, argument_1)
                                .await;
                            let class = ::panora_hooks::__private::Returned(&__panora_hooks_outcome)
                                .__panora_hooks_class();
                            let result = ::panora_hooks::__private::IntoOutcome::into_outcome(
                                __panora_hooks_outcome,
                            );
                            ::panora_hooks::__private::with_class(result, class)
                        })
                    }
                }
                #[allow(deprecated)]
                const _: () = {
                    use ::panora_hooks::__private::FitsAny as _;
                    let _ = ::panora_hooks::__private::Argument::<()>::__PANORA_HOOKS_CARRIED;
                    ::panora_hooks::__private::assert_carried(
                        ::panora_hooks::__private::Argument::<
                            Event<Contact>,
                        >::__PANORA_HOOKS_CARRIED,
                        &[
                            ::panora_hooks::__private::Pattern::Event(3usize),
                            ::panora_hooks::__private::Pattern::Prefix("crm.deal."),
                        ],
                    );
                };
                #[allow(deprecated)]
                const _: () = {
                    use ::panora_hooks::__private::FitsAny as _;
                    let _ = ::panora_hooks::__private::Argument::<()>::__PANORA_HOOKS_CARRIED;
                    ::panora_hooks::__private::assert_carried(
                        ::panora_hooks::__private::Argument::<State<Db>>::__PANORA_HOOKS_CARRIED,
                        &[
                            ::panora_hooks::__private::Pattern::Event(3usize),
                            ::panora_hooks::__private::Pattern::Prefix("crm.deal."),
                        ],
                    );
                };
                ::panora_hooks::__private::FutureOf::new(
                    __panora_hooks_inner(argument_0, argument_1),
                )
            }
        "#]],
    );
}

#[test]
fn options_are_part_of_the_definition() {
    let attribute = quote!("crm.contact.created", timeout = "1500ms", attempts = 5, concurrency = 8);
    let file = on(
        attribute,
        quote!(
            async fn limited() {}
        ),
    )
    .to_string();
    let definition = |tokens: TokenStream| file.contains(&tokens.to_string());
    let private = quote!(::panora_hooks::__private);
    assert!(definition(quote!(timeout: #private::Some(#private::Duration::new(1u64, 500000000u32)))));
    assert!(definition(quote!(attempts: #private::NonZeroU32::new(5u32))));
    assert!(definition(quote!(concurrency: #private::NonZeroU32::new(8u32))));
}

#[test]
fn the_order_is_part_of_the_definition() {
    let definition = |attribute| {
        on(
            attribute,
            quote!(
                async fn ordered() {}
            ),
        )
        .to_string()
    };
    let private = quote!(::panora_hooks::__private);
    let all = definition(quote!("crm.contact.created", serial));
    assert!(all.contains(&quote!(serial: #private::Some(#private::Serial::All)).to_string()));
    let by = definition(quote!("crm.contact.created", serial_by = "/a~1b"));
    assert!(by.contains(&quote!(serial: #private::Some(#private::Serial::By("/a~1b"))).to_string()));
}

#[test]
fn other_names_of_the_order_are_recognised() {
    let item = quote!(
        async fn ordered() {}
    );
    for (name, option) in [
        ("fifo", "serial"),
        ("ordered", "serial"),
        ("serialised", "serial"),
        ("serialized", "serial"),
        ("key", "serial_by"),
        ("lane", "serial_by"),
        ("partition_key", "serial_by"),
        ("serial_key", "serial_by"),
        ("serial_on", "serial_by"),
        ("serialby", "serial_by"),
    ] {
        let key = quote::format_ident!("{name}");
        let output = on(quote!("crm.contact.created", #key = "/id"), item.clone()).to_string();
        let help = format!("unknown option `{name}`\\nhelp: did you mean `{option}`?");
        assert!(output.contains(&help), "{name}: {output}");
    }
}

#[test]
fn the_field_of_a_pointer_is_checked_without_its_escapes() {
    let file = on(
        quote!("crm.contact.pulled", serial_by = "/0/a~1b"),
        quote!(
            async fn ordered(rows: Event<Vec<ContactRow>>) {}
        ),
    )
    .to_string();
    assert!(file.contains(&quote!(&["0", "a/b"]).to_string()), "{file}");
}

#[test]
fn the_smallest_hook() {
    check(
        quote!("*"),
        quote!(
            async fn any() {}
        ),
        expect![[r#"
            fn any() -> ::panora_hooks::__private::FutureOf<
                ::panora_hooks::__private::HookId<
                    9181070168765906943u64,
                    {
                        ::panora_hooks::__private::place(
                            ::panora_hooks::__private::concat!(
                                ::panora_hooks::__private::module_path!(), ":",
                                ::panora_hooks::__private::line!()
                            ),
                            [
                                ::panora_hooks::__private::option_env!("CARGO_PKG_NAME"),
                                ::panora_hooks::__private::option_env!("CARGO_PKG_VERSION"),
                                ::panora_hooks::__private::option_env!("CARGO_BIN_NAME"),
                            ],
                            ::panora_hooks::__private::cfg!(test),
                        )
                    },
                >,
                impl ::panora_hooks::__private::Future<Output = ()>,
            > {
                #[allow(clippy::unused_async)]
                async fn __panora_hooks_inner() {}
                #[allow(missing_debug_implementations, non_camel_case_types, unreachable_pub)]
                pub struct __panora_hooks_any {}
                #[allow(non_local_definitions)]
                #[automatically_derived]
                impl ::panora_hooks::__private::Identifies<__panora_hooks_any>
                for ::panora_hooks::__private::HookId<
                    9181070168765906943u64,
                    {
                        ::panora_hooks::__private::place(
                            ::panora_hooks::__private::concat!(
                                ::panora_hooks::__private::module_path!(), ":",
                                ::panora_hooks::__private::line!()
                            ),
                            [
                                ::panora_hooks::__private::option_env!("CARGO_PKG_NAME"),
                                ::panora_hooks::__private::option_env!("CARGO_PKG_VERSION"),
                                ::panora_hooks::__private::option_env!("CARGO_BIN_NAME"),
                            ],
                            ::panora_hooks::__private::cfg!(test),
                        )
                    },
                > {}
                #[allow(deprecated, non_local_definitions)]
                #[automatically_derived]
                impl ::panora_hooks::__private::Described for __panora_hooks_any {
                    const DEFINITION: ::panora_hooks::__private::Definition = ::panora_hooks::__private::Definition {
                        name: ::panora_hooks::__private::concat!(
                            ::panora_hooks::__private::module_path!(), "::", "any"
                        ),
                        patterns: &["*"],
                        is_unlisted: false,
                        timeout: ::panora_hooks::__private::None,
                        attempts: ::panora_hooks::__private::None,
                        concurrency: ::panora_hooks::__private::None,
                        serial: ::panora_hooks::__private::None,
                        transaction: ::panora_hooks::__private::None,
                        file: ::panora_hooks::__private::file!(),
                        line: ::panora_hooks::__private::line!(),
                    };
                }
                #[allow(non_local_definitions)]
                #[automatically_derived]
                impl<__S> ::panora_hooks::__private::Hook<__S> for __panora_hooks_any
                where
                    __S: ::panora_hooks::__private::Send + 'static,
                {
                    #[allow(deprecated, unreachable_code, unused_variables)]
                    fn call(
                        delivery: ::panora_hooks::__private::Delivery<'static>,
                        state: __S,
                    ) -> ::panora_hooks::__private::HookFuture {
                        ::panora_hooks::__private::Box::pin(async move {
                            ::panora_hooks::__private::drop((delivery, state));
                            let __panora_hooks_outcome = __panora_hooks_inner().await;
                            let class = ::panora_hooks::__private::Returned(&__panora_hooks_outcome)
                                .__panora_hooks_class();
                            let result = ::panora_hooks::__private::IntoOutcome::into_outcome(
                                __panora_hooks_outcome,
                            );
                            ::panora_hooks::__private::with_class(result, class)
                        })
                    }
                }
                ::panora_hooks::__private::FutureOf::new(__panora_hooks_inner())
            }
        "#]],
    );
}

#[test]
fn another_crate_path() {
    check(
        quote!("crm.contact.imported", unlisted, crate = ::facade::panora_hooks),
        quote!(
            async fn imported(meta: Metadata) {}
        ),
        expect![[r#"
            fn imported(
                argument_0: Metadata,
            ) -> ::facade::panora_hooks::__private::FutureOf<
                ::facade::panora_hooks::__private::HookId<
                    7222217215156883443u64,
                    {
                        ::facade::panora_hooks::__private::place(
                            ::facade::panora_hooks::__private::concat!(
                                ::facade::panora_hooks::__private::module_path!(), ":",
                                ::facade::panora_hooks::__private::line!()
                            ),
                            [
                                ::facade::panora_hooks::__private::option_env!("CARGO_PKG_NAME"),
                                ::facade::panora_hooks::__private::option_env!("CARGO_PKG_VERSION"),
                                ::facade::panora_hooks::__private::option_env!("CARGO_BIN_NAME"),
                            ],
                            ::facade::panora_hooks::__private::cfg!(test),
                        )
                    },
                >,
                impl ::facade::panora_hooks::__private::Future<Output = ()>,
            > {
                #[allow(clippy::unused_async)]
                async fn __panora_hooks_inner(meta: Metadata) {}
                #[allow(missing_debug_implementations, non_camel_case_types, unreachable_pub)]
                pub struct __panora_hooks_imported {}
                #[allow(non_local_definitions)]
                #[automatically_derived]
                impl ::facade::panora_hooks::__private::Identifies<__panora_hooks_imported>
                for ::facade::panora_hooks::__private::HookId<
                    7222217215156883443u64,
                    {
                        ::facade::panora_hooks::__private::place(
                            ::facade::panora_hooks::__private::concat!(
                                ::facade::panora_hooks::__private::module_path!(), ":",
                                ::facade::panora_hooks::__private::line!()
                            ),
                            [
                                ::facade::panora_hooks::__private::option_env!("CARGO_PKG_NAME"),
                                ::facade::panora_hooks::__private::option_env!("CARGO_PKG_VERSION"),
                                ::facade::panora_hooks::__private::option_env!("CARGO_BIN_NAME"),
                            ],
                            ::facade::panora_hooks::__private::cfg!(test),
                        )
                    },
                > {}
                #[allow(deprecated, non_local_definitions)]
                #[automatically_derived]
                impl ::facade::panora_hooks::__private::Described for __panora_hooks_imported {
                    const DEFINITION: ::facade::panora_hooks::__private::Definition = ::facade::panora_hooks::__private::Definition {
                        name: ::facade::panora_hooks::__private::concat!(
                            ::facade::panora_hooks::__private::module_path!(), "::", "imported"
                        ),
                        patterns: &["crm.contact.imported"],
                        is_unlisted: true,
                        timeout: ::facade::panora_hooks::__private::None,
                        attempts: ::facade::panora_hooks::__private::None,
                        concurrency: ::facade::panora_hooks::__private::None,
                        serial: ::facade::panora_hooks::__private::None,
                        transaction: {
                            use ::facade::panora_hooks::__private::NoTransaction as _;
                            let _ = ::facade::panora_hooks::__private::Argument::<
                                (),
                            >::__PANORA_HOOKS_TRANSACTION;
                            ::facade::panora_hooks::__private::transaction(
                                &[
                                    ::facade::panora_hooks::__private::Argument::<
                                        Metadata,
                                    >::__PANORA_HOOKS_TRANSACTION,
                                ],
                            )
                        },
                        file: ::facade::panora_hooks::__private::file!(),
                        line: ::facade::panora_hooks::__private::line!(),
                    };
                }
                #[allow(non_local_definitions)]
                #[automatically_derived]
                impl<__S> ::facade::panora_hooks::__private::Hook<__S> for __panora_hooks_imported
                where
                    __S: ::facade::panora_hooks::__private::Send + 'static,
                    Metadata: ::facade::panora_hooks::__private::FromDelivery<__S>,
                {
                    #[allow(deprecated, unreachable_code, unused_variables)]
                    fn call(
                        delivery: ::facade::panora_hooks::__private::Delivery<'static>,
                        state: __S,
                    ) -> ::facade::panora_hooks::__private::HookFuture {
                        ::facade::panora_hooks::__private::Box::pin(async move {
                            let argument_0 = ::facade::panora_hooks::__private::extract::<
                                Metadata,
                                __S,
                            >(&delivery, &state)?;
                            ::facade::panora_hooks::__private::drop((delivery, state));
                            let __panora_hooks_outcome = __panora_hooks_inner(argument_0).await;
                            let class = ::facade::panora_hooks::__private::Returned(
                                    &__panora_hooks_outcome,
                                )
                                .__panora_hooks_class();
                            let result = ::facade::panora_hooks::__private::IntoOutcome::into_outcome(
                                __panora_hooks_outcome,
                            );
                            ::facade::panora_hooks::__private::with_class(result, class)
                        })
                    }
                }
                #[allow(deprecated)]
                const _: () = {
                    use ::facade::panora_hooks::__private::FitsAny as _;
                    let _ = ::facade::panora_hooks::__private::Argument::<
                        (),
                    >::__PANORA_HOOKS_CARRIED;
                    ::facade::panora_hooks::__private::assert_carried(
                        ::facade::panora_hooks::__private::Argument::<
                            Metadata,
                        >::__PANORA_HOOKS_CARRIED,
                        &[],
                    );
                };
                ::facade::panora_hooks::__private::FutureOf::new(__panora_hooks_inner(argument_0))
            }
        "#]],
    );
}

#[test]
fn a_warning_about_an_event_type() {
    check(
        quote!("crm.contact.updated"),
        quote!(
            #[allow(deprecated)]
            async fn updated() {}
        ),
        expect![[r##"
            #[allow(deprecated)]
            fn updated() -> ::panora_hooks::__private::FutureOf<
                ::panora_hooks::__private::HookId<
                    9895838237723231695u64,
                    {
                        ::panora_hooks::__private::place(
                            ::panora_hooks::__private::concat!(
                                ::panora_hooks::__private::module_path!(), ":",
                                ::panora_hooks::__private::line!()
                            ),
                            [
                                ::panora_hooks::__private::option_env!("CARGO_PKG_NAME"),
                                ::panora_hooks::__private::option_env!("CARGO_PKG_VERSION"),
                                ::panora_hooks::__private::option_env!("CARGO_BIN_NAME"),
                            ],
                            ::panora_hooks::__private::cfg!(test),
                        )
                    },
                >,
                impl ::panora_hooks::__private::Future<Output = ()>,
            > {
                #[allow(clippy::unused_async)]
                async fn __panora_hooks_inner() {}
                #[allow(missing_debug_implementations, non_camel_case_types, unreachable_pub)]
                pub struct __panora_hooks_updated {}
                #[allow(non_local_definitions)]
                #[automatically_derived]
                impl ::panora_hooks::__private::Identifies<__panora_hooks_updated>
                for ::panora_hooks::__private::HookId<
                    9895838237723231695u64,
                    {
                        ::panora_hooks::__private::place(
                            ::panora_hooks::__private::concat!(
                                ::panora_hooks::__private::module_path!(), ":",
                                ::panora_hooks::__private::line!()
                            ),
                            [
                                ::panora_hooks::__private::option_env!("CARGO_PKG_NAME"),
                                ::panora_hooks::__private::option_env!("CARGO_PKG_VERSION"),
                                ::panora_hooks::__private::option_env!("CARGO_BIN_NAME"),
                            ],
                            ::panora_hooks::__private::cfg!(test),
                        )
                    },
                > {}
                #[allow(deprecated, non_local_definitions)]
                #[automatically_derived]
                impl ::panora_hooks::__private::Described for __panora_hooks_updated {
                    const DEFINITION: ::panora_hooks::__private::Definition = ::panora_hooks::__private::Definition {
                        name: ::panora_hooks::__private::concat!(
                            ::panora_hooks::__private::module_path!(), "::", "updated"
                        ),
                        patterns: &["crm.contact.updated"],
                        is_unlisted: false,
                        timeout: ::panora_hooks::__private::None,
                        attempts: ::panora_hooks::__private::None,
                        concurrency: ::panora_hooks::__private::None,
                        serial: ::panora_hooks::__private::None,
                        transaction: ::panora_hooks::__private::None,
                        file: ::panora_hooks::__private::file!(),
                        line: ::panora_hooks::__private::line!(),
                    };
                }
                #[allow(non_local_definitions)]
                #[automatically_derived]
                impl<__S> ::panora_hooks::__private::Hook<__S> for __panora_hooks_updated
                where
                    __S: ::panora_hooks::__private::Send + 'static,
                {
                    #[allow(deprecated, unreachable_code, unused_variables)]
                    fn call(
                        delivery: ::panora_hooks::__private::Delivery<'static>,
                        state: __S,
                    ) -> ::panora_hooks::__private::HookFuture {
                        ::panora_hooks::__private::Box::pin(async move {
                            ::panora_hooks::__private::drop((delivery, state));
                            let __panora_hooks_outcome = __panora_hooks_inner().await;
                            let class = ::panora_hooks::__private::Returned(&__panora_hooks_outcome)
                                .__panora_hooks_class();
                            let result = ::panora_hooks::__private::IntoOutcome::into_outcome(
                                __panora_hooks_outcome,
                            );
                            ::panora_hooks::__private::with_class(result, class)
                        })
                    }
                }
                const _: () = {
                    #[deprecated(
                        note = "`crm.contact.updated` is documented, but no known Panora release sends it"
                    )]
                    #[allow(non_upper_case_globals)]
                    const never_sent: () = ();
                    never_sent
                };
                ::panora_hooks::__private::FutureOf::new(__panora_hooks_inner())
            }
        "##]],
    );
}

#[test]
fn a_warning_about_an_option() {
    check(
        quote!("crm.contact.created", unlisted),
        quote!(
            async fn created() {}
        ),
        expect![[r#"
            fn created() -> ::panora_hooks::__private::FutureOf<
                ::panora_hooks::__private::HookId<
                    9487166717305055003u64,
                    {
                        ::panora_hooks::__private::place(
                            ::panora_hooks::__private::concat!(
                                ::panora_hooks::__private::module_path!(), ":",
                                ::panora_hooks::__private::line!()
                            ),
                            [
                                ::panora_hooks::__private::option_env!("CARGO_PKG_NAME"),
                                ::panora_hooks::__private::option_env!("CARGO_PKG_VERSION"),
                                ::panora_hooks::__private::option_env!("CARGO_BIN_NAME"),
                            ],
                            ::panora_hooks::__private::cfg!(test),
                        )
                    },
                >,
                impl ::panora_hooks::__private::Future<Output = ()>,
            > {
                #[allow(clippy::unused_async)]
                async fn __panora_hooks_inner() {}
                #[allow(missing_debug_implementations, non_camel_case_types, unreachable_pub)]
                pub struct __panora_hooks_created {}
                #[allow(non_local_definitions)]
                #[automatically_derived]
                impl ::panora_hooks::__private::Identifies<__panora_hooks_created>
                for ::panora_hooks::__private::HookId<
                    9487166717305055003u64,
                    {
                        ::panora_hooks::__private::place(
                            ::panora_hooks::__private::concat!(
                                ::panora_hooks::__private::module_path!(), ":",
                                ::panora_hooks::__private::line!()
                            ),
                            [
                                ::panora_hooks::__private::option_env!("CARGO_PKG_NAME"),
                                ::panora_hooks::__private::option_env!("CARGO_PKG_VERSION"),
                                ::panora_hooks::__private::option_env!("CARGO_BIN_NAME"),
                            ],
                            ::panora_hooks::__private::cfg!(test),
                        )
                    },
                > {}
                #[allow(deprecated, non_local_definitions)]
                #[automatically_derived]
                impl ::panora_hooks::__private::Described for __panora_hooks_created {
                    const DEFINITION: ::panora_hooks::__private::Definition = ::panora_hooks::__private::Definition {
                        name: ::panora_hooks::__private::concat!(
                            ::panora_hooks::__private::module_path!(), "::", "created"
                        ),
                        patterns: &["crm.contact.created"],
                        is_unlisted: true,
                        timeout: ::panora_hooks::__private::None,
                        attempts: ::panora_hooks::__private::None,
                        concurrency: ::panora_hooks::__private::None,
                        serial: ::panora_hooks::__private::None,
                        transaction: ::panora_hooks::__private::None,
                        file: ::panora_hooks::__private::file!(),
                        line: ::panora_hooks::__private::line!(),
                    };
                }
                #[allow(non_local_definitions)]
                #[automatically_derived]
                impl<__S> ::panora_hooks::__private::Hook<__S> for __panora_hooks_created
                where
                    __S: ::panora_hooks::__private::Send + 'static,
                {
                    #[allow(deprecated, unreachable_code, unused_variables)]
                    fn call(
                        delivery: ::panora_hooks::__private::Delivery<'static>,
                        state: __S,
                    ) -> ::panora_hooks::__private::HookFuture {
                        ::panora_hooks::__private::Box::pin(async move {
                            ::panora_hooks::__private::drop((delivery, state));
                            let __panora_hooks_outcome = __panora_hooks_inner().await;
                            let class = ::panora_hooks::__private::Returned(&__panora_hooks_outcome)
                                .__panora_hooks_class();
                            let result = ::panora_hooks::__private::IntoOutcome::into_outcome(
                                __panora_hooks_outcome,
                            );
                            ::panora_hooks::__private::with_class(result, class)
                        })
                    }
                }
                const _: () = {
                    #[deprecated(
                        note = "`crm.contact.created` is in the catalogue\nhelp: remove `unlisted`"
                    )]
                    #[allow(non_upper_case_globals)]
                    const needless_option: () = ();
                    needless_option
                };
                ::panora_hooks::__private::FutureOf::new(__panora_hooks_inner())
            }
        "#]],
    );
}

#[test]
fn an_error_in_the_attribute() {
    check(
        quote!("crm.contct.created", "crm.*"),
        quote!(
            async fn a(meta: Metadata) {}
        ),
        expect![[r##"
            #[allow(dead_code)]
            fn a(
                argument_0: Metadata,
            ) -> ::panora_hooks::__private::FutureOf<
                ::panora_hooks::__private::HookId<
                    5180155783368564280u64,
                    {
                        ::panora_hooks::__private::place(
                            ::panora_hooks::__private::concat!(
                                ::panora_hooks::__private::module_path!(), ":",
                                ::panora_hooks::__private::line!()
                            ),
                            [
                                ::panora_hooks::__private::option_env!("CARGO_PKG_NAME"),
                                ::panora_hooks::__private::option_env!("CARGO_PKG_VERSION"),
                                ::panora_hooks::__private::option_env!("CARGO_BIN_NAME"),
                            ],
                            ::panora_hooks::__private::cfg!(test),
                        )
                    },
                >,
                impl ::panora_hooks::__private::Future<Output = ()>,
            > {
                #[allow(clippy::unused_async)]
                async fn __panora_hooks_inner(meta: Metadata) {}
                #[allow(missing_debug_implementations, non_camel_case_types, unreachable_pub)]
                pub struct __panora_hooks_a {}
                #[allow(non_local_definitions)]
                #[automatically_derived]
                impl ::panora_hooks::__private::Identifies<__panora_hooks_a>
                for ::panora_hooks::__private::HookId<
                    5180155783368564280u64,
                    {
                        ::panora_hooks::__private::place(
                            ::panora_hooks::__private::concat!(
                                ::panora_hooks::__private::module_path!(), ":",
                                ::panora_hooks::__private::line!()
                            ),
                            [
                                ::panora_hooks::__private::option_env!("CARGO_PKG_NAME"),
                                ::panora_hooks::__private::option_env!("CARGO_PKG_VERSION"),
                                ::panora_hooks::__private::option_env!("CARGO_BIN_NAME"),
                            ],
                            ::panora_hooks::__private::cfg!(test),
                        )
                    },
                > {}
                #[allow(deprecated, non_local_definitions)]
                #[automatically_derived]
                impl ::panora_hooks::__private::Described for __panora_hooks_a {
                    const DEFINITION: ::panora_hooks::__private::Definition = ::panora_hooks::__private::Definition {
                        name: ::panora_hooks::__private::concat!(
                            ::panora_hooks::__private::module_path!(), "::", "a"
                        ),
                        patterns: &["crm.*"],
                        is_unlisted: false,
                        timeout: ::panora_hooks::__private::None,
                        attempts: ::panora_hooks::__private::None,
                        concurrency: ::panora_hooks::__private::None,
                        serial: ::panora_hooks::__private::None,
                        transaction: {
                            use ::panora_hooks::__private::NoTransaction as _;
                            let _ = ::panora_hooks::__private::Argument::<
                                (),
                            >::__PANORA_HOOKS_TRANSACTION;
                            ::panora_hooks::__private::transaction(
                                &[
                                    ::panora_hooks::__private::Argument::<
                                        Metadata,
                                    >::__PANORA_HOOKS_TRANSACTION,
                                ],
                            )
                        },
                        file: ::panora_hooks::__private::file!(),
                        line: ::panora_hooks::__private::line!(),
                    };
                }
                #[allow(non_local_definitions)]
                #[automatically_derived]
                impl<__S> ::panora_hooks::__private::Hook<__S> for __panora_hooks_a
                where
                    __S: ::panora_hooks::__private::Send + 'static,
                    Metadata: ::panora_hooks::__private::FromDelivery<__S>,
                {
                    #[allow(deprecated, unreachable_code, unused_variables)]
                    fn call(
                        delivery: ::panora_hooks::__private::Delivery<'static>,
                        state: __S,
                    ) -> ::panora_hooks::__private::HookFuture {
                        ::panora_hooks::__private::Box::pin(async move {
                            let argument_0 = ::panora_hooks::__private::extract::<
                                Metadata,
                                __S,
                            >(&delivery, &state)?;
                            ::panora_hooks::__private::drop((delivery, state));
                            let __panora_hooks_outcome = __panora_hooks_inner(argument_0).await;
                            let class = ::panora_hooks::__private::Returned(&__panora_hooks_outcome)
                                .__panora_hooks_class();
                            let result = ::panora_hooks::__private::IntoOutcome::into_outcome(
                                __panora_hooks_outcome,
                            );
                            ::panora_hooks::__private::with_class(result, class)
                        })
                    }
                }
                #[allow(deprecated)]
                const _: () = {
                    use ::panora_hooks::__private::FitsAny as _;
                    let _ = ::panora_hooks::__private::Argument::<()>::__PANORA_HOOKS_CARRIED;
                    ::panora_hooks::__private::assert_carried(
                        ::panora_hooks::__private::Argument::<Metadata>::__PANORA_HOOKS_CARRIED,
                        &[::panora_hooks::__private::Pattern::Prefix("crm.")],
                    );
                };
                ::panora_hooks::__private::FutureOf::new(__panora_hooks_inner(argument_0))
            }
            ::core::compile_error! {
                "unknown event type `crm.contct.created`\nhelp: did you mean `crm.contact.created`?"
            }
        "##]],
    );
}

#[test]
fn an_error_in_the_signature() {
    check(
        quote!("crm.contact.created"),
        quote!(
            pub fn a<T>(meta: &T) {}
        ),
        expect![[r##"
            #[allow(dead_code)]
            #[allow(unused_variables)]
            pub fn a() -> ::panora_hooks::__private::FutureOf<
                ::panora_hooks::__private::HookId<
                    15832553090590252404u64,
                    {
                        ::panora_hooks::__private::place(
                            ::panora_hooks::__private::concat!(
                                ::panora_hooks::__private::module_path!(), ":",
                                ::panora_hooks::__private::line!()
                            ),
                            [
                                ::panora_hooks::__private::option_env!("CARGO_PKG_NAME"),
                                ::panora_hooks::__private::option_env!("CARGO_PKG_VERSION"),
                                ::panora_hooks::__private::option_env!("CARGO_BIN_NAME"),
                            ],
                            ::panora_hooks::__private::cfg!(test),
                        )
                    },
                >,
                ::panora_hooks::__private::Pending<()>,
            > {
                #[allow(dead_code)]
                fn a<T>(meta: &T) {}
                #[allow(missing_debug_implementations, non_camel_case_types, unreachable_pub)]
                pub struct __panora_hooks_a {}
                #[allow(non_local_definitions)]
                #[automatically_derived]
                impl ::panora_hooks::__private::Identifies<__panora_hooks_a>
                for ::panora_hooks::__private::HookId<
                    15832553090590252404u64,
                    {
                        ::panora_hooks::__private::place(
                            ::panora_hooks::__private::concat!(
                                ::panora_hooks::__private::module_path!(), ":",
                                ::panora_hooks::__private::line!()
                            ),
                            [
                                ::panora_hooks::__private::option_env!("CARGO_PKG_NAME"),
                                ::panora_hooks::__private::option_env!("CARGO_PKG_VERSION"),
                                ::panora_hooks::__private::option_env!("CARGO_BIN_NAME"),
                            ],
                            ::panora_hooks::__private::cfg!(test),
                        )
                    },
                > {}
                #[allow(deprecated, non_local_definitions)]
                #[automatically_derived]
                impl ::panora_hooks::__private::Described for __panora_hooks_a {
                    const DEFINITION: ::panora_hooks::__private::Definition = ::panora_hooks::__private::Definition {
                        name: ::panora_hooks::__private::concat!(
                            ::panora_hooks::__private::module_path!(), "::", "a"
                        ),
                        patterns: &["crm.contact.created"],
                        is_unlisted: false,
                        timeout: ::panora_hooks::__private::None,
                        attempts: ::panora_hooks::__private::None,
                        concurrency: ::panora_hooks::__private::None,
                        serial: ::panora_hooks::__private::None,
                        transaction: ::panora_hooks::__private::None,
                        file: ::panora_hooks::__private::file!(),
                        line: ::panora_hooks::__private::line!(),
                    };
                }
                #[allow(non_local_definitions)]
                #[automatically_derived]
                impl<__S> ::panora_hooks::__private::Hook<__S> for __panora_hooks_a
                where
                    __S: ::panora_hooks::__private::Send + 'static,
                {
                    #[allow(deprecated, unreachable_code, unused_variables)]
                    fn call(
                        delivery: ::panora_hooks::__private::Delivery<'static>,
                        state: __S,
                    ) -> ::panora_hooks::__private::HookFuture {
                        ::panora_hooks::__private::unreachable!()
                    }
                }
                ::panora_hooks::__private::FutureOf::new(::panora_hooks::__private::pending())
            }
            ::core::compile_error! {
                "hooks are `async`\nhelp: write `async fn a`"
            }
            ::core::compile_error! {
                "hooks cannot be generic\nhelp: take a concrete type, or call a generic function from the hook"
            }
            ::core::compile_error! {
                "hooks take their arguments by value\nhelp: write `Event<T>`"
            }
        "##]],
    );
}

#[test]
fn a_second_attribute() {
    check(
        quote!("crm.contact.created"),
        quote!(
            #[on("crm.*")]
            #[inline]
            async fn a() {}
        ),
        expect![[r##"
            #[allow(dead_code)]
            #[allow(unused_variables)]
            fn a() -> ::panora_hooks::__private::FutureOf<
                ::panora_hooks::__private::HookId<
                    15832553090590252404u64,
                    {
                        ::panora_hooks::__private::place(
                            ::panora_hooks::__private::concat!(
                                ::panora_hooks::__private::module_path!(), ":",
                                ::panora_hooks::__private::line!()
                            ),
                            [
                                ::panora_hooks::__private::option_env!("CARGO_PKG_NAME"),
                                ::panora_hooks::__private::option_env!("CARGO_PKG_VERSION"),
                                ::panora_hooks::__private::option_env!("CARGO_BIN_NAME"),
                            ],
                            ::panora_hooks::__private::cfg!(test),
                        )
                    },
                >,
                ::panora_hooks::__private::Pending<()>,
            > {
                #[inline]
                #[allow(dead_code)]
                async fn a() {}
                #[allow(missing_debug_implementations, non_camel_case_types, unreachable_pub)]
                pub struct __panora_hooks_a {}
                #[allow(non_local_definitions)]
                #[automatically_derived]
                impl ::panora_hooks::__private::Identifies<__panora_hooks_a>
                for ::panora_hooks::__private::HookId<
                    15832553090590252404u64,
                    {
                        ::panora_hooks::__private::place(
                            ::panora_hooks::__private::concat!(
                                ::panora_hooks::__private::module_path!(), ":",
                                ::panora_hooks::__private::line!()
                            ),
                            [
                                ::panora_hooks::__private::option_env!("CARGO_PKG_NAME"),
                                ::panora_hooks::__private::option_env!("CARGO_PKG_VERSION"),
                                ::panora_hooks::__private::option_env!("CARGO_BIN_NAME"),
                            ],
                            ::panora_hooks::__private::cfg!(test),
                        )
                    },
                > {}
                #[allow(deprecated, non_local_definitions)]
                #[automatically_derived]
                impl ::panora_hooks::__private::Described for __panora_hooks_a {
                    const DEFINITION: ::panora_hooks::__private::Definition = ::panora_hooks::__private::Definition {
                        name: ::panora_hooks::__private::concat!(
                            ::panora_hooks::__private::module_path!(), "::", "a"
                        ),
                        patterns: &["crm.contact.created"],
                        is_unlisted: false,
                        timeout: ::panora_hooks::__private::None,
                        attempts: ::panora_hooks::__private::None,
                        concurrency: ::panora_hooks::__private::None,
                        serial: ::panora_hooks::__private::None,
                        transaction: ::panora_hooks::__private::None,
                        file: ::panora_hooks::__private::file!(),
                        line: ::panora_hooks::__private::line!(),
                    };
                }
                #[allow(non_local_definitions)]
                #[automatically_derived]
                impl<__S> ::panora_hooks::__private::Hook<__S> for __panora_hooks_a
                where
                    __S: ::panora_hooks::__private::Send + 'static,
                {
                    #[allow(deprecated, unreachable_code, unused_variables)]
                    fn call(
                        delivery: ::panora_hooks::__private::Delivery<'static>,
                        state: __S,
                    ) -> ::panora_hooks::__private::HookFuture {
                        ::panora_hooks::__private::unreachable!()
                    }
                }
                ::panora_hooks::__private::FutureOf::new(::panora_hooks::__private::pending())
            }
            ::core::compile_error! {
                "a hook takes one `#[on(..)]`\nhelp: list the event types together"
            }
        "##]],
    );
}

#[test]
fn a_method() {
    check(
        quote!("crm.contact.created"),
        quote!(
            async fn a(&self) {}
        ),
        expect![[r#"
        async fn a(&self) {}
        ::core::compile_error! {
            "hooks are free functions\nhelp: take `State<App>` instead of `self`"
        }
    "#]],
    );
}

#[test]
fn an_item_that_is_not_a_function() {
    check(
        quote!("crm.contact.created"),
        quote!(
            pub struct A {
                b: u8,
            }
        ),
        expect![[r#"
        pub struct A {
            b: u8,
        }
        ::core::compile_error! {
            "`#[on]` goes on an `async fn`, found a struct"
        }
    "#]],
    );
}

#[test]
fn each_qualifier_has_its_error() {
    for (item, error) in [
        (
            quote!(
                const fn a() {}
            ),
            "hooks cannot be `const`",
        ),
        (
            quote!(
                async unsafe fn a() {}
            ),
            "hooks cannot be `unsafe`",
        ),
        (
            quote!(
                async extern "C" fn a() {}
            ),
            "hooks cannot be `extern`",
        ),
        (
            quote!(
                async fn a(_: ...) {}
            ),
            "hooks cannot be variadic",
        ),
    ] {
        let tokens = on(quote!("crm.contact.created"), item).to_string();
        assert_eq!(tokens.matches("compile_error").count(), 1, "{tokens}");
        assert!(tokens.contains(error), "{tokens}");
    }
}

#[test]
fn every_name_of_the_catalogue_can_be_named() {
    for name in crate::catalogue::names() {
        let tokens = on(
            quote!(#name),
            quote!(
                async fn hook() {}
            ),
        )
        .to_string();
        assert!(!tokens.contains("compile_error"), "{name}: {tokens}");
    }
}
