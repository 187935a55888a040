//! The list of event types, and hooks to paste.

use crate::support::{cli, fails, json, run};

#[test]
fn the_catalogue_is_listed() {
    cli(["events", "company", "--sent"]).assert().success().stderr("").stdout(
        "\
name                 on the wire       payload     shape   sent
crm.company.created  crm.company.push  Company     object  yes
crm.company.pulled   same              CompanyRow  list    yes
",
    );
    let (status, _, errors) = run(&mut cli(["events", "weather"]));
    assert_eq!((status, &*errors), (1, "error: no event type matches `weather`\n"));
    let events = json(&mut cli(["events", "crm.company.push"]));
    assert_eq!(
        events,
        serde_json::json!([{
            "name": "crm.company.created",
            "wire_name": "crm.company.push",
            "other_wire_name": null,
            "misspelling": null,
            "payload": "Company",
            "shape": "object",
            "sender": "current",
            "is_sent": true,
        }])
    );
    let all = json(&mut cli(["events"]));
    assert_eq!(all.as_array().unwrap().len(), panora_hooks::catalogue::all().len());
}

#[test]
fn a_hook_is_printed_for_one_event_type() {
    let hook = "\
// Add `crm_company_created` to `hooks![..]`.
// The payload needs the feature `crm` of panora-hooks.
#[panora_hooks::on(\"crm.company.created\")]
async fn crm_company_created(
    panora_hooks::Event(company): panora_hooks::Event<panora_hooks::models::crm::Company>,
) -> Result<(), panora_hooks::HookError> {
    println!(\"crm.company.created: {:?}\", company.id);
    Ok(())
}
";
    for name in ["crm.company.created", "crm.company.push"] {
        cli(["events", name, "--hook"]).assert().success().stderr("").stdout(hook);
    }
    let printed = json(&mut cli(["events", "crm.company.created", "--hook"]));
    assert_eq!(printed, serde_json::json!({ "hook": hook.trim_end() }));

    let (status, unlisted, errors) = run(&mut cli(["events", "weather.changed", "--hook"]));
    assert!(status == 0 && errors.is_empty(), "{errors}");
    assert!(unlisted.contains("#[panora_hooks::on(\"weather.changed\", unlisted)]"), "{unlisted}");
    let (status, misspelled, errors) = run(&mut cli(["events", "crm.contct.created", "--hook"]));
    assert!(status == 0 && misspelled.contains("unlisted"), "{misspelled}");
    assert_eq!(errors, "warning: unknown event type `crm.contct.created`, perhaps `crm.contact.created`\n");

    for (args, shown) in [
        (&["events", "--hook"][..], "*"),
        (&["events", "crm.*", "--hook"], "crm.*"),
        (&["events", "company", "--hook"], "company"),
        (&["events", "CRM.Contact.Created", "--hook"], "CRM.Contact.Created"),
        (&["events", "crm.x\n", "--hook"], "crm.x\\n"),
    ] {
        let says = format!(
            "`{shown}` is not one event type: expected lower-case words joined by dots, 128 characters at most, such as `crm.contact.created`"
        );
        fails(cli([]).args(args), 2, &says);
    }
}
