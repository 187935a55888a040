//! `endpoints`.

use std::{
    io::{Read, Write},
    process::Stdio,
};

use assert_cmd::Command;
use serde_json::json;
use snapbox::{assert_data_eq, str};

use crate::{
    api::{Api, KEY, secret},
    support::{Raw, cli, fails, json as printed, run},
};

const URL: &str = "https://example.com/webhook";

fn endpoints<const N: usize>(api: &Api, args: [&str; N]) -> Command {
    let mut command = cli(["endpoints", "--api", &api.url()]);
    command.env("PANORA_API_KEY", KEY).env_remove("PANORA_WEBHOOK_SECRET").args(args);
    command
}

#[test]
fn endpoints_are_listed_with_warnings_and_without_secrets() {
    let api = Api::start();
    let (status, nothing, _) = run(&mut endpoints(&api, ["list"]));
    assert_eq!((status, &*nothing), (0, "the project has no endpoints\n"));
    api.state().add(URL, &["crm.contact.created", "crm.deal.created"]);
    api.state().add("http://example.com/other", &["crm.contact.created"]);
    let (status, listed, warnings) = run(&mut endpoints(&api, ["list"]));
    assert_eq!(status, 0);
    assert_data_eq!(
        listed,
        str![[r#"
endpoint                              state   types  url
e0000000-0000-4000-8000-000000000001  active  2      https://example.com/webhook
e0000000-0000-4000-8000-000000000002  active  1      http://example.com/other

"#]]
    );
    assert_data_eq!(
        warnings,
        str![[r#"
warning: `http://example.com/other` is plain http: anyone on the way can read deliveries and send them again; use https
warning: endpoints `e0000000-0000-4000-8000-000000000001` and `e0000000-0000-4000-8000-000000000002` both subscribe to `crm.contact.created`: only one of them gets each event

"#]]
    );
    let listed = printed(&mut endpoints(&api, ["list"]));
    assert_eq!((&listed[1]["scope"], listed[0].get("secret")), (&json!(["crm.contact.created"]), None));
    let (_, listed, _) = run(&mut endpoints(&api, ["list", "--show-secrets"]));
    assert!(listed.contains(&secret(1)) && listed.contains(&secret(2)));
    assert_eq!(printed(&mut endpoints(&api, ["list", "--show-secrets"]))[0]["secret"], secret(1));
}

#[test]
fn an_endpoint_is_created_disabled_enabled_and_deleted() {
    let api = Api::start();
    let create =
        ["create", URL, "--scope", "crm.contact.*", "--scope", "connection.created", "--description", "mine"];
    let (status, created, warnings) = run(&mut endpoints(&api, create));
    assert_eq!((status, &*warnings), (0, ""));
    let id = "e0000000-0000-4000-8000-000000000001";
    assert_eq!(
        created,
        format!("{id} created; `panora-hooks endpoints list --show-secrets` shows its secret\n")
    );
    let url = URL;
    assert_eq!(
        api.summary(),
        [format!("{url} connection.created,crm.contact.created,crm.contact.pulled active")]
    );

    endpoints(&api, ["disable", id]).assert().success().stdout(format!("{id} disabled\n"));
    assert!(api.summary()[0].ends_with(" inactive"));
    assert_eq!(printed(&mut endpoints(&api, ["enable", id])), json!({ "id": id, "enabled": true }));
    assert!(api.summary()[0].ends_with(" active"));

    // Without a terminal, nobody can answer a question.
    let says = format!("there is no terminal to ask on, so add --yes: delete endpoint `{id}` for good?");
    fails(&mut endpoints(&api, ["delete", id]), 2, &says);
    api.state().used.push(id.to_owned());
    let says = format!(
        "endpoint `{id}` cannot be deleted, since deliveries are recorded for it: disable it: panora-hooks endpoints \
         disable {id}"
    );
    fails(&mut endpoints(&api, ["delete", id, "--yes"]), 1, &says);
    api.state().used.clear();
    endpoints(&api, ["delete", id, "--yes"]).assert().success().stdout(format!("{id} deleted\n"));
    let created =
        printed(&mut endpoints(&api, ["create", URL, "--scope", "crm.contact.created", "--show-secrets"]));
    assert_eq!(created["secret"], secret(2));
    // The event type already goes to another endpoint.
    let again = ["create", "https://example.com/again", "--scope", "crm.contact.created"];
    let (_, _, warnings) = run(&mut endpoints(&api, again));
    assert!(warnings.contains("both subscribe to `crm.contact.created`"), "{warnings}");
}

#[test]
fn the_older_api_has_its_own_path_and_header() {
    let api = Api::start();
    api.state().is_older = true;
    api.state().add(URL, &["crm.contact.created"]);
    let mut list = cli(["endpoints", "list", "--older-api"]);
    list.env("PANORA_API_KEY", KEY).env("PANORA_API_URL", api.url()).assert().success();
    assert_eq!(api.state().calls, ["GET /webhook"]);
}

#[test]
fn a_changed_scope_is_synced_in_steps() {
    let api = Api::start();
    let sync = |secrets: &[(&str, String)], args: &[&str]| {
        let mut command = endpoints(&api, ["sync", URL, "--scope", "crm.contact.created"]);
        for (name, secret) in secrets {
            command.env(name, secret);
        }
        run(command.args(args))
    };
    // A dry run changes nothing.
    let (status, plan, _) = sync(&[], &["--dry-run"]);
    assert_eq!(
        (status, &*plan),
        (0, "to do: create an endpoint at `https://example.com/webhook` for 1 event types\n")
    );
    assert_eq!(api.summary(), [] as [&str; 0]);
    let (status, created, _) = sync(&[], &["--show-secrets"]);
    assert_eq!(
        (status, created),
        (0, format!("e0000000-0000-4000-8000-000000000001 created, with the secret {}\n", secret(1)))
    );
    let (status, same, _) = sync(&[], &[]);
    assert_eq!((status, &*same), (0, "e0000000-0000-4000-8000-000000000001 is as it should be\n"));

    let scope = ["--scope", "crm.deal.created"];
    let current = ("PANORA_WEBHOOK_SECRET", secret(1));
    let (status, printed, errors) = sync(std::slice::from_ref(&current), &scope);
    assert_eq!(status, 1);
    assert_data_eq!(
        printed,
        str![[r#"
e0000000-0000-4000-8000-000000000002 created; `panora-hooks endpoints list --show-secrets` shows its secret
left to do: let the receiver accept the secret of endpoint `e0000000-0000-4000-8000-000000000002`
left to do: disable endpoint `e0000000-0000-4000-8000-000000000001`

"#]]
    );
    assert_data_eq!(
        errors,
        str![[r#"
error: not everything is done: once the receiver accepts the new secret as well as the old one, set PANORA_WEBHOOK_SECRET and PANORA_WEBHOOK_SECRET_PREVIOUS here to the same values, and run this again

"#]]
    );
    // Another run changes nothing.
    let (status, again, _) = sync(&[current], &scope);
    assert_eq!((status, again.lines().count(), api.summary().len()), (1, 3, 2));
    let both = [("PANORA_WEBHOOK_SECRET", secret(2)), ("PANORA_WEBHOOK_SECRET_PREVIOUS", secret(1))];
    let (status, done, _) = sync(&both, &scope);
    assert_eq!(status, 0);
    assert_eq!(
        done,
        "e0000000-0000-4000-8000-000000000002 stays\ne0000000-0000-4000-8000-000000000001 disabled\n"
    );
    assert_eq!(
        api.summary(),
        [
            format!("{URL} crm.contact.created inactive"),
            format!("{URL} crm.contact.created,crm.deal.created active")
        ]
    );
}

#[test]
fn a_failed_sync_shows_the_completed_steps() {
    let unchanged = "the API answered with success but did not change endpoint \
                     `e0000000-0000-4000-8000-000000000001`: look at the API's own log";
    let start = || {
        let api = Api::start();
        api.state().add(URL, &["crm.contact.created"]);
        api.state().is_deaf = true;
        api
    };
    let sync = ["sync", URL, "--scope", "crm.deal.created", "--yes", "--show-secrets"];
    let api = start();
    let (status, printed, errors) = run(&mut endpoints(&api, sync));
    assert_eq!((status, errors), (3, format!("error: {unchanged}\n")));
    assert_eq!(
        printed,
        format!(
            "e0000000-0000-4000-8000-000000000002 created, with the secret {}\nleft to do: disable endpoint \
             `e0000000-0000-4000-8000-000000000001`, and with it `crm.contact.created`\n",
            secret(2)
        )
    );
    let (status, printed, _) = run(endpoints(&start(), sync).arg("--json"));
    let printed: serde_json::Value = serde_json::from_str(&printed).unwrap();
    assert_eq!((status, &printed["created"]["secret"]), (3, &json!(secret(2))));
    assert_eq!(printed["left"][0]["disable"], "e0000000-0000-4000-8000-000000000001");
}

#[test]
fn a_secret_is_rotated_at_once_on_request() {
    let api = Api::start();
    let old = api.state().add(URL, &["crm.contact.created"]);
    let rotate = ["sync", URL, "--scope", "crm.contact.created", "--replace", &old, "--yes"];
    let synced = printed(&mut endpoints(&api, rotate));
    assert_eq!(synced["created"]["id"], "e0000000-0000-4000-8000-000000000002");
    assert_eq!((&synced["disabled"], &synced["left"]), (&json!([old]), &json!([])));
    let again = printed(&mut endpoints(&api, rotate));
    assert_eq!(again["kept"], "e0000000-0000-4000-8000-000000000002");
    assert_eq!((&again["created"], &again["disabled"]), (&json!(null), &json!([])));
}

#[test]
fn credentials_in_urls_are_secrets() {
    let api = Api::start();
    let url = "http://user:canary@example.com/webhook?token=canary";
    api.state().add(url, &["crm.contact.created"]);
    let sync =
        ["sync", "http://user:canary@example.com/other?canary", "--scope", "crm.deal.created", "--dry-run"];
    for args in [&["list"][..], &["list", "--json"], &sync, &[&sync[..], &["--json"]].concat()] {
        let (status, printed, errors) = run(endpoints(&api, []).args(args));
        assert!(status == 0 && printed.contains("http://..@example.com/"), "{printed}");
        assert!(!printed.contains("canary") && !errors.contains("canary"), "{printed} {errors}");
    }
    let (_, listed, _) = run(&mut endpoints(&api, ["list", "--show-secrets"]));
    assert!(listed.contains(url), "{listed}");
}

#[test]
fn a_lost_answer_is_reported_as_a_change_that_may_have_happened() {
    let api = Api::start();
    api.state().answers_left = Some(0);
    fails(
        &mut endpoints(&api, ["create", URL, "--scope", "crm.contact.created"]),
        3,
        "the change may have happened, but its answer is lost: list the endpoints before you repeat it (the API answered \
         502: look at its own log)",
    );
    assert_eq!(api.summary().len(), 1);
}

#[test]
fn each_error_is_one_sentence() {
    let api = Api::start();
    fails(
        endpoints(&api, ["list"]).env_remove("PANORA_API_KEY"),
        2,
        "the environment variable `PANORA_API_KEY` is not set: set it to an API key of the project",
    );
    fails(
        endpoints(&api, ["list"]).env("PANORA_API_KEY", "sk_prod_unknown"),
        3,
        "the API answered 500, as it does to a key that it does not know: check the key; if it is right, the API's \
         own log says more",
    );
    fails(
        &mut endpoints(&api, ["enable", "nothing"]),
        1,
        "there is no endpoint `nothing` in the project of this key: list the endpoints",
    );
    fails(
        &mut endpoints(&api, ["create", URL, "--scope", "weather.*"]),
        2,
        "nothing is sent under the name `weather.*`",
    );
    for (scope, says) in [
        ("*.pulled", "`*.pulled` is not a pattern: only a prefix may have a `*`, at its end"),
        (
            "crm.company.push",
            "nothing is sent under the name `crm.company.push`: subscribe to `crm.company.created`",
        ),
        (
            "crm.contct.created",
            "nothing is sent under the name `crm.contct.created`: subscribe to `crm.contact.created`",
        ),
        ("crm.contact.updated", "nothing is sent under the name `crm.contact.updated`"),
    ] {
        fails(&mut endpoints(&api, ["sync", URL, "--yes", "--scope", scope]), 2, says);
    }
    for command in ["create", "sync"] {
        fails(
            &mut endpoints(&api, [command, "example.com/webhook", "--scope", "crm.contact.created"]),
            2,
            "the URL of the endpoint is invalid: expected an http(s) URL such as `https://example.com/webhook`",
        );
    }
    assert_eq!(api.summary(), [] as [&str; 0]);
    endpoints(&api, ["create", URL, "--unlisted", "--scope", "weather.changed"]).assert().success();
    assert_eq!(api.summary(), [format!("{URL} weather.changed active")]);
    fails(
        cli(["endpoints", "list", "--api", "panora"]).env("PANORA_API_KEY", KEY),
        2,
        "the base URL is invalid: expected a URL such as `https://api.panora.dev`, without a user, query or fragment",
    );
    fails(
        cli(["endpoints", "list", "--api", "http://127.0.0.1:1"]).env("PANORA_API_KEY", KEY),
        3,
        "the API cannot be reached: check the base URL and the network (Connection refused (os error 111))",
    );
}

#[test]
fn a_proxy_never_sees_the_key_for_an_api_on_this_machine() {
    let api = Api::start();
    let proxy = Raw::start("HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n");
    let port = api.address.port();
    let list = |host: &str, name: &str| {
        let url = format!("http://{host}:{port}");
        let mut command = cli(["endpoints", "list", "--api", &url]);
        run(command.env("PANORA_API_KEY", KEY).env(name, &proxy.url))
    };
    for name in ["HTTP_PROXY", "http_proxy", "ALL_PROXY"] {
        for host in ["127.0.0.1", "127.1", "localhost", "[::ffff:127.0.0.1]", "0.0.0.0"] {
            let (status, _, errors) = list(host, name);
            assert_eq!((status, proxy.requests().len()), (0, 0), "{name} {host}: {errors}");
        }
    }
    let (status, ..) = list("api.example.com", "http_proxy");
    assert_eq!((status, proxy.requests().len()), (3, 1), "other hosts are reached through it");
    let mut command = cli(["endpoints", "list", "--api", "http://api.invalid"]);
    run(command.env("PANORA_API_KEY", KEY).env("http_proxy", &proxy.url).env("NO_PROXY", "api.invalid"));
    assert_eq!(proxy.requests().len(), 1);
}

#[test]
fn warnings_are_few_on_the_standard_error_and_complete_as_json() {
    let api = Api::start();
    for number in 0..600 {
        api.state().add(&format!("http://example.com/{number}"), &["crm.contact.created"]);
    }
    for json in [&[][..], &["--json"]] {
        let (status, _, warnings) = run(endpoints(&api, ["list"]).args(json));
        assert_eq!((status, warnings.lines().count()), (0, 21));
        assert!(warnings.ends_with("581 more warnings are not shown: fix these first\n"), "{warnings}");
    }
    let listed = printed(&mut endpoints(&api, ["list"]));
    for endpoint in listed.as_array().unwrap() {
        let about = endpoint["warnings"].as_array().unwrap();
        let texts: Vec<_> = about.iter().map(|text| text.as_str().unwrap()).collect();
        let plain = format!("`{}` is plain http", endpoint["url"].as_str().unwrap());
        assert!(texts[0].starts_with(&plain) && texts[1].contains("crm.contact.created"), "{texts:?}");
        assert_eq!(texts.len(), 2);
    }
    let sync = ["sync", URL, "--scope", "crm.contact.created", "--dry-run"];
    assert_eq!(printed(&mut endpoints(&api, sync))["warnings"].as_array().unwrap().len(), 601);
}

/// Runs the command on a terminal, and answers its question with `y`, after a change in some cases.
#[cfg(target_os = "linux")]
#[test]
fn a_confirmed_plan_is_carried_out_as_shown_or_not_at_all() {
    for is_changed in [false, true] {
        let api = Api::start();
        let old = api.state().add(URL, &["crm.deal.created"]);
        let command = format!(
            "{} endpoints --api {} sync {URL} --scope crm.contact.created",
            env!("CARGO_BIN_EXE_panora-hooks"),
            api.url()
        );
        let mut terminal = std::process::Command::new("script")
            .args(["--quiet", "--return", "--command", &command, "/dev/null"])
            .env("PANORA_API_KEY", KEY)
            .env_remove("PANORA_WEBHOOK_SECRET")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut output = terminal.stdout.take().unwrap();
        let mut shown = Vec::new();
        while !String::from_utf8_lossy(&shown).contains("[y/N]") {
            let mut byte = [0];
            output.read_exact(&mut byte).expect("the question");
            shown.extend(byte);
        }
        if is_changed {
            // Another user disables the new endpoint. Without it, disabling the old one would leave
            // none.
            api.state().endpoints[1]["active"] = false.into();
        }
        terminal.stdin.take().unwrap().write_all(b"y\n").unwrap();
        let mut rest = String::new();
        output.read_to_string(&mut rest).unwrap();
        let status = terminal.wait().unwrap().code();
        let is_active = api.summary()[0].ends_with(" active");
        assert_eq!((status, is_active), (Some(i32::from(is_changed)), is_changed), "{rest}");
        assert!(is_changed == rest.contains("is disabled; make a new plan"), "{old}: {rest}");
    }
}
