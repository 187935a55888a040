// Compiled with the features of the manifest alone. The other test programs can have all features.

use panora_hooks::{
    __cli::{Feature, hook_to_paste},
    Verifier, Webhooks, catalogue,
};

#[path = "../../pasted/without_features.rs"]
mod without_features;

fn main() {
    let _ = Webhooks::new(Verifier::new("secret").unwrap()).hooks(without_features::hooks);

    let features = ["crm", "ecommerce", "ticketing"];
    for event_type in catalogue::all() {
        let vertical = event_type.vertical();
        let hook = hook_to_paste(event_type.name(), Feature::of_this_build(vertical)).unwrap();
        let names_a_feature = hook.contains(&format!("With the feature `{vertical}` of panora-hooks"));
        let has_model = event_type.payload().is_some() && vertical != "connection";
        assert_eq!(names_a_feature, has_model && !features.contains(&vertical), "{hook}");
    }
}
