import Testing
import WebhookCore

@testable import WebhookRendering

@Suite("Schemas and types")
struct ProfileSchemaTests {
    private let topic = ProfileTopic(
        topic: "course.tests_run",
        title: "Tests Run",
        trigger: "Somebody runs the tests.",
        isDocumented: false,
        fields: [
            ProfileField(name: "id", type: .integer, meaning: "Names */ it."),
            ProfileField(
                name: "state",
                type: .string(format: nil, values: ["draft", "published"], constant: nil),
                isNullable: true
            ),
            ProfileField(
                name: "at",
                type: .string(format: "date-time", values: [], constant: nil),
                isNullable: true,
                isOptional: true
            ),
            ProfileField(name: "some key", type: .map(.string(format: nil, values: [], constant: nil))),
            ProfileField(
                name: "plans",
                type: .array(
                    .union([
                        .object([ProfileField(name: "ok", type: .boolean(constant: true))]),
                        .object([]), .number,
                    ])
                )
            ),
            ProfileField(name: "extra", type: .any, isNullable: true),
        ],
        example: .made(.null)
    )

    @Test("JSON Schema")
    func schema() throws {
        let text = ProfileSchema.jsonSchema(for: topic)
        #expect(throws: Never.self) { try JSON.parse(ByteString(text)) }
        #expect(
            text == """
                {
                  "$schema": "https://json-schema.org/draft/2020-12/schema",
                  "title": "Tests Run",
                  "description": "Somebody runs the tests. Inferred: the platform does not publish it.",
                  "type": "object",
                  "properties": {
                    "id": {
                      "description": "Names */ it.",
                      "type": "integer"
                    },
                    "state": {
                      "anyOf": [
                        {
                          "type": "string",
                          "enum": ["draft", "published"]
                        },
                        {
                          "type": "null"
                        }
                      ]
                    },
                    "at": {
                      "type": ["string", "null"],
                      "format": "date-time"
                    },
                    "some key": {
                      "type": "object",
                      "additionalProperties": {
                        "type": "string"
                      }
                    },
                    "plans": {
                      "type": "array",
                      "items": {
                        "anyOf": [
                          {
                            "type": "object",
                            "properties": {
                              "ok": {
                                "type": "boolean",
                                "const": true
                              }
                            },
                            "required": ["ok"]
                          },
                          {
                            "type": "object"
                          },
                          {
                            "type": "number"
                          }
                        ]
                      }
                    },
                    "extra": {}
                  },
                  "required": ["id", "state", "some key", "plans", "extra"]
                }
                """
        )
    }

    @Test("TypeScript")
    func typeScript() {
        #expect(
            ProfileSchema.typeScript(for: topic) == """
                /** Tests Run. Somebody runs the tests. Inferred: the platform does not publish it. */
                export interface CourseTestsRunData {
                  /** Names * / it. */
                  id: number;
                  state: "draft" | "published" | null;
                  at?: string | null;
                  "some key": Record<string, string>;
                  plans: Array<{
                    ok: true;
                  } | Record<string, unknown> | number>;
                  extra: unknown;
                }
                """
        )
    }

    @Test("a topic without listed fields, and the entry for every topic")
    func bare() {
        let any = Fixtures.topic(ProfileTopic.anyName)
        #expect(ProfileSchema.typeScript(for: any).hasSuffix("export type EventData = unknown;"))
        #expect(ProfileSchema.typeScript(for: any, named: "user.created").hasSuffix("type UserCreatedData = unknown;"))
        #expect(!ProfileSchema.jsonSchema(for: any).contains("properties"))
    }
}
