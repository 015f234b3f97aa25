import Foundation
import ModelFile
import TestSupport
import Testing
import Verifying

@testable import Quantization
import Speech

@Test(arguments: [
    ("a.b", "a.b", true), ("a.b", "a.*", true), ("a.b", "*", true), ("a.b.c", "a.*.c", true), ("a.c", "a.*.c", false),
    ("a.b", "b", false), ("a.b", "a", false), ("aXb", "a*b*", true), ("", "*", true), ("ab", "ab*ab", false),
    ("x.norm.weight", "*norm.weight", true), ("x.norm.weights", "*norm.weight", false),
])
func patterns(name: String, pattern: String, matches: Bool) {
    #expect(Recipe.matches(name[...], pattern: pattern[...]) == matches)
}

@Test func everyBuiltInRecipeNamesEveryTensor() throws {
    let json = try Data(contentsOf: URL(filePath: Repository.path("Training/recipe.json")))
    let recipes = try Recipe.names.map(Recipe.named) + [Recipe(json: Array(json), name: "Training/recipe.json")]
    for checkpoint in ["Tests/Goldens/tiny/base", "Tests/Goldens/tiny/custom_voice"] {
        let source = try SourceCheckpoint(Repository.path(checkpoint))
        for recipe in recipes {
            let plans = try source.plans(recipe).joined()
            #expect(plans.filter(\.isUnknown).map(\.source.name) == [], "\(checkpoint) \(recipe.name)")
        }
    }
}

@Test func formatsFollowTheRecipe() throws {
    let source = try SourceCheckpoint(Repository.path("Tests/Goldens/tiny/base"))
    func format(_ recipe: String, _ name: String) throws -> String? {
        try source.plans(Recipe.named(recipe)).joined().first { $0.source.name == name }?.to
    }
    let predictor = "talker.code_predictor.model.layers.0.mlp.up_proj.weight"
    let talker = "talker.model.layers.0.self_attn.q_proj.weight"
    #expect(try format("int8", talker) == "int8" && format("int8", predictor) == "int8")
    #expect(try format("int4", talker) == "int4" && format("int4", predictor) == "int4")
    #expect(try format("mixed", talker) == "int8" && format("mixed", predictor) == "int4")
    #expect(try format("bf16", talker) == "BF16" && format("bf16", predictor) == "BF16")
    for recipe in Recipe.names {
        #expect(try format(recipe, "talker.model.text_embedding.weight") == "BF16")
        #expect(try format(recipe, "talker.model.layers.0.self_attn.q_norm.weight") == "F32")
        #expect(try format(recipe, "decoder.quantizer.rvq_first.output_proj.weight") == "F32")
        #expect(try format(recipe, "decoder.decoder.0.conv.weight") == "F32")
    }
}

@Test(arguments: [
    "", "{}", "[]", #"{"name":1,"summary":"","model":[],"speech_tokenizer":[]}"#,
    #"{"name":"x","summary":"","model":[{"tensors":["*"],"format":"int3"}],"speech_tokenizer":[]}"#,
    #"{"name":"x","summary":"","model":[{"tensors":[],"format":"int8"}],"speech_tokenizer":[]}"#,
    #"{"name":"x","summary":"","model":[{"tensors":["*"],"format":"int8","otherwise":"int4"}],"speech_tokenizer":[]}"#,
])
func brokenRecipesAreRefused(json: String) {
    #expect(throws: QuantizationError.self) { try Recipe(json: Array(json.utf8), name: "x") }
}
