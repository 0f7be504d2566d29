import Testing
import WebhookCore

/// What one walk over the bytes says fits is JSON that fits, for any data.
@Suite struct FieldFuzzTests {
    private static let fields = [
        ProfileField(name: "id", type: .integer),
        ProfileField(name: "a", type: .union([.object([ProfileField(name: "b", type: .number)]), .array(.any)])),
        ProfileField(name: "kind", type: .string(format: nil, values: ["x", "é"], constant: nil), isNullable: true),
        ProfileField(name: "map", type: .map(.array(.boolean(constant: nil))), isOptional: true),
        ProfileField(name: "\"", type: .any, isOptional: true),
    ]
    private static let plan = FieldPlan(fields)

    @Test func anyData() async throws {
        let fuzzer = Fuzzer(
            name: "fields",
            corpus: [
                #"{"id":1,"a":{"b":1.5e3},"kind":"é","map":{"k":[true,false],"l":[]},"more":{"x":[null,"\\"]}}"#,
                #" { "a" : [ 1 , {} ] , "id" : -12 , "kind" : null } "#,
                #"{"id":1,"id":1.0,"a":[],"kind":"\u0078","\"":[[[["deep"]]]]}"#, #"{"\"":1}"#, "[]",
            ].map { Array($0.utf8) },
            dictionary: [
                "{", "}", "[", "]", ",", ":", "\"", "\\", "\\u0078", "null", "true", "-", "0", "1.0", "1e9", " ",
                #""id":1,"#, #""a":[],"#, #""kind":"x","#, #""map":{},"#, "é", #"{"b":1}"#,
            ],
            maxLength: 512
        )
        await fuzzer.run { input throws(Finding) in try Self.check(input) }
    }

    private static func check(_ bytes: [UInt8]) throws(Finding) -> String {
        let document = ByteString(bytes)
        let value = try? JSON.parse(document)
        let fits = value.map { FieldChecker.fits($0, fields) } ?? false
        guard plan.fits(document) else {
            return "left alone, \(value == nil ? "no JSON" : fits ? "fits" : "does not fit")"
        }
        try Finding.expect(value != nil, "the walk takes what is no JSON")
        try Finding.expect(fits, "the walk takes what does not fit")
        return "fits"
    }
}
