//! Goal: documents are read or refused in the words of the client. Method: small documents, each with what the client says first.
//! The words of wrong types were made with go1.26's encoding/json on structs of the same form.

use super::*;

fn read(text: &str) -> Documents {
    let source = Source::new("d.yaml", text);
    documents(&source, Profile::Documented).expect("YAML")
}

/// What the client says of a document; empty if it takes it.
fn refusal(text: &str) -> String {
    read(text).problems.first().map(|first| first.message.clone()).unwrap_or_default()
}

#[test]
fn the_client_refuses_in_its_own_words() {
    let cases = [
        ("{ id: a, definitionId: b }", ""),
        ("{ Id: a, definitionId: b }", "no value given for required property id"),
        ("{ id: a, definitionId: b, Replicas: 2 }", ""),
        ("{ definitionId: b }", "no value given for required property id"),
        ("{ id: a, replicas: 3 }", "no value given for required property definitionId"),
        ("{ id: a, definitionId: b, replica: 3 }", "json: unknown field \"replica\""),
        (
            "{ id: a, definitionId: b, replicas: '3' }",
            "json: cannot unmarshal string into Go struct field _DeploySvcDeployment.replicas of type int32",
        ),
        (
            "{ id: a, definitionId: b, replicas: 3.5 }",
            "json: cannot unmarshal number 3.5 into Go struct field _DeploySvcDeployment.replicas of type int32",
        ),
        ("{ id: a, definitionId: b, replicas: 3.0 }", ""),
        (
            "{ id: a, definitionId: b, replicas: 3000000000 }",
            "json: cannot unmarshal number 3000000000 into Go struct field _DeploySvcDeployment.replicas of type int32",
        ),
        (
            "{ id: a, definitionId: b, resources: { cpu: 2 } }",
            "json: cannot unmarshal number into Go struct field DeploySvcResourceLimits.resources.cpu of type string",
        ),
        ("{ id: a, definitionId: b, resources: { cpus: '2' } }", "json: unknown field \"cpus\""),
        (
            "{ id: a, definitionId: b, resources: 2 }",
            "json: cannot unmarshal number into Go struct field _DeploySvcDeployment.resources of type openapi.DeploySvcResourceLimits",
        ),
        (
            "{ id: a, definitionId: b, envars: { A: yes } }",
            "json: cannot unmarshal bool into Go struct field _DeploySvcDeployment.envars of type string",
        ),
        (
            "{ id: a, definitionId: b, targetRegions: { cluster: x } }",
            "json: cannot unmarshal object into Go struct field _DeploySvcDeployment.targetRegions of type []openapi.DeploySvcTargetRegion",
        ),
        ("{ id: a, definitionId: b, strategy: { type: BlueGreen } }", "BlueGreen is not a valid DeploySvcStrategyType"),
        // What a type that reads itself says comes before what the decoder keeps for the end.
        (
            "{ aa: 1, id: a, definitionId: b, strategy: { type: BlueGreen } }",
            "BlueGreen is not a valid DeploySvcStrategyType",
        ),
        ("{ id: a, image: { name: x, port: 8080 } }", "no value given for required property internalPorts"),
        (
            "{ id: a, image: { name: x, internalPorts: [1] }, ports: [ { host: x, internal: 1 } ] }",
            "json: cannot unmarshal string into Go struct field _RegistrySvcDefinition.ports.host of type int32",
        ),
        (
            "{ id: a, image: nginx }",
            "json: cannot unmarshal string into Go struct field _RegistrySvcDefinition.image of type map[string]interface {}",
        ),
        (
            "{ id: a, image: { name: x, internalPorts: [1] }, clients: [ { language: javascript, url: u } ] }",
            "javascript is not a valid RegistrySvcLanguage",
        ),
        ("{ id: a, image: { name: x, internalPorts: [70000] } }", "failed to save service definition: 400 Bad Request"),
        ("[ 1 ]", "json: cannot unmarshal array into Go value of type map[string]interface {}"),
    ];
    for (text, expected) in cases {
        assert_eq!(refusal(text), expected, "{text}");
    }
}

#[test]
fn all_that_is_wrong_is_told_with_its_place() {
    let read = read("id: a\nreplica: 3\nresources: { cpu: 2 }\n");
    let told: Vec<_> = read.problems.iter().map(|one| (one.place().line, one.message.as_str())).collect();
    assert_eq!(told.len(), 3, "{told:?}");
    assert_eq!(told[0].1, "no value given for required property definitionId");
    assert_eq!(told[1], (2, "json: unknown field \"replica\""));
    assert_eq!(read.rejected[0].1, "a");
}

#[test]
fn several_documents_are_several_saves() {
    let read = read("id: d\ndefinitionId: e\n---\nid: e\nimage: { name: x, internalPorts: [80] }\n");
    assert!(matches!(&read.accepted[..], [Document::Deployment(one), Document::Definition(other)]
        if one.definition_id == "e" && other.image.as_ref().is_some_and(|image| image.internal_ports == [80])));
}

#[test]
fn as_built_most_keys_have_no_effect() {
    let source = Source::new("d.yaml", "{ id: a, definitionId: b, strategy: { type: Recreate }, envars: { A: b } }");
    let warned = |profile| documents(&source, profile).expect("YAML").warnings.len();
    assert_eq!((warned(Profile::AsBuilt), warned(Profile::Documented)), (2, 0));
}

#[test]
fn numbers_that_make_no_sense_are_refused_with_their_place_or_told_of() {
    let cases = [
        ("replicas: -1", "`replicas` must not be negative, and is -1", 1),
        ("replicas: 10001", "`replicas` must be from 0 to 10000, not 10001", 1),
        ("replicas: -2147483648", "`replicas` must be from 0 to 10000, not -2147483648", 1),
        (
            "autoScaling: { minReplicas: 5, maxReplicas: 3 }",
            "`autoScaling.minReplicas` is 5, more than `maxReplicas`, which is 3",
            0,
        ),
        ("autoScaling: { minReplicas: -5 }", "`autoScaling.minReplicas` must not be negative, and is -5", 0),
        ("strategy: { maxSurge: -1 }", "`strategy.maxSurge` must not be negative, and is -1", 0),
    ];
    for (text, expected, as_built) in cases {
        let source = Source::new("d.yaml", format!("id: a\ndefinitionId: b\n{text}\n"));
        let read = documents(&source, Profile::Documented).expect("YAML");
        let told: Vec<_> = read.problems.iter().map(|one| (one.place().line, one.message.as_str())).collect();
        assert_eq!(told, [(3, expected)], "{text}");
        assert!(read.accepted.is_empty() && read.rejected[0].2 == expected, "{text}");
        let read = documents(&source, Profile::AsBuilt).expect("YAML");
        let named = |one: &Diagnostic| one.message.contains("`replicas`");
        assert_eq!(read.warnings.iter().chain(&read.problems).filter(|one| named(one)).count(), as_built, "{text}");
    }
    let told = |text: &str| {
        let source = Source::new("d.yaml", format!("id: a\ndefinitionId: b\n{text}\n"));
        let read = documents(&source, Profile::Documented).expect("YAML");
        assert!(read.problems.is_empty(), "{text}");
        read.warnings.iter().map(|one| one.message.clone()).collect::<Vec<_>>()
    };
    assert_eq!(told("autoScaling: { minReplicas: 5, cpuThreshold: 80 }"), <[&str; 0]>::default());
    assert_eq!(
        told("autoScaling: { minReplicas: 5, maxReplicas: 9 }"),
        ["without a `cpuThreshold` no load changes the number of instances: only the bounds of `autoScaling` hold"]
    );
    assert_eq!(told("resources: { vram: \"24\" }"), ["resources.vram `24` is 24 bytes: write a unit, as in `24GB`"]);
    assert_eq!(told("resources: { cpu: \"2\", memory: 4Gi, vram: 24GB }"), <[&str; 0]>::default());
    assert_eq!(told("strategy: { type: Recreate, maxSurge: 0, maxUnavailable: 0 }"), <[&str; 0]>::default());
    assert_eq!(
        told("strategy: { maxSurge: 0, maxUnavailable: 0 }"),
        ["`maxUnavailable` and `maxSurge` are both 0: one instance may be missing all the same"]
    );
    let envars = |value: &str| told(&format!("envars: {{ TOKEN: '{value}' }}"));
    assert_eq!(envars("{{secret:a}}-{{ env: B }}"), <[&str; 0]>::default());
    for value in ["{{secrets:x}}", "{{secret:}}", "{{secret:a"] {
        let expected = "envar `TOKEN` has a `{{` that begins no reference, and is taken as it stands";
        assert_eq!(envars(value), [expected], "{value}");
    }
    let told = told("resources: { cpu: two, memory: 4Gi, vram: 24 gigs }");
    assert_eq!(told.len(), 2, "{told:?}");
    assert!(told[0].starts_with("resources.cpu `two` is not an amount"), "{told:?}");
}

#[test]
fn what_a_definition_has_too_much_or_too_little_is_told() {
    let told = |text: &str, profile| {
        let read = documents(&Source::new("d.yaml", text), profile).expect("YAML");
        assert!(read.problems.is_empty(), "{text}");
        read.warnings.iter().map(|one| one.message.clone()).collect::<Vec<_>>()
    };
    let both = "{ id: a, image: { name: x, internalPorts: [1] }, repository: { url: u, internalPorts: [1] } }";
    assert_eq!(told(both, Profile::Documented), ["`repository` has no effect beside `image`"]);
    let neither = "{ id: a, ports: [ { internal: 80, host: 0 } ] }";
    assert_eq!(told(neither, Profile::Documented).len(), 1);
    let told = told(neither, Profile::AsBuilt);
    assert!(told.len() == 2 && told[1].starts_with("for port 0"), "{told:?}");
}
