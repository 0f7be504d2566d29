import Testing
import WebhookCore
import WebhookReceiver
import WebhookSimulation
import Webhooks

@Suite struct ExportTests {
    private func row(_ change: (inout ExportedDelivery) -> Void = { _ in }) -> ExportedDelivery {
        let delivery = Delivery(
            id: Delivery.ID(rawValue: 7),
            event: "evt_1",
            topic: "course.created",
            tenant: "school-42",
            subscription: "crm",
            state: .failed,
            mode: .singleShot,
            attempts: 2,
            nextAttemptAt: nil,
            lastStatus: 500,
            lastError: .status,
            createdAt: Timestamp(milliseconds: 1_772_357_400_000),
            settledAt: Timestamp(milliseconds: 1_772_357_401_500),
            isTest: false,
            retriggerOf: Delivery.ID(rawValue: 3)
        )
        let occurredAt = Timestamp(milliseconds: 1_772_357_399_999)
        var row = ExportedDelivery(
            delivery: delivery,
            occurredAt: occurredAt,
            data: #"{"title" : "a, \"b\"", "n": 1.50}"#
        )
        change(&row)
        return row
    }

    /// A spreadsheet of a country that separates by `;` or tab would split the cell otherwise, and run what follows.
    @Test(arguments: [";", "\t", ",", "\"", "\r", "\n"])
    func csvQuotesEverySeparator(separator: String) {
        let tenant = "a\(separator)=1"
        let line = text(ExportFormat.csv.line(row { $0.delivery.tenant = tenant }))
        #expect(line.contains(",\"a"))
        #expect(!text(ExportFormat.csv.line(row { $0.delivery.tenant = "a b:c" })).contains("\"a b"))
    }

    private func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }

    @Test func csv() {
        #expect(
            text(ExportFormat.csv.header)
                == "event_id,topic,tenant,occurred_at,test,delivery_id,subscription,state,mode,attempts,last_status,"
                + "last_error,created_at,settled_at,retrigger_of,data\r\n"
        )
        #expect(
            text(ExportFormat.csv.line(row()))
                == "evt_1,course.created,school-42,2026-03-01T09:29:59.999Z,false,dlv_7,crm,failed,single-shot,2,500,"
                + "status,2026-03-01T09:30:00.000Z,2026-03-01T09:30:01.500Z,dlv_3,"
                + #""{""title"" : ""a, \""b\"""", ""n"": 1.50}""# + "\r\n"
        )
        let bare = row { row in
            row.delivery.tenant = nil
            row.delivery.lastStatus = nil
            row.delivery.lastError = nil
            row.delivery.settledAt = nil
            row.delivery.retriggerOf = nil
            row.data = "null"
        }
        #expect(
            text(ExportFormat.csv.line(bare)).hasSuffix(
                ",crm,failed,single-shot,2,,,2026-03-01T09:30:00.000Z,,,null\r\n"
            )
        )
    }

    @Test(arguments: [
        ("=1+1", "'=1+1"), ("+x", "'+x"), ("-5", "'-5"), ("@x", "'@x"), ("'x", "''x"), ("\tx", "\"'\tx\""),
        ("\rx", "\"'\rx\""),
        ("a=b", "a=b"), ("", ""), ("a\"b", "\"a\"\"b\""), ("a\nb", "\"a\nb\""), ("=a,b", "\"'=a,b\""),
    ])
    func noCellIsAFormula(_ value: String, _ cell: String) {
        let line = text(ExportFormat.csv.line(row { $0.delivery.event = value }))
        #expect(line.hasPrefix(cell + ",course.created"))
        #expect(parse(line) == parse(text(ExportFormat.csv.line(row()))).map { $0 == "evt_1" ? value : $0 })
    }

    /// Reads a record as RFC 4180 says, and strips the guard.
    private func parse(_ line: String) -> [String] {
        var (cells, cell, isQuoted) = ([String](), [UInt8](), false)
        let bytes = Array(line.utf8).dropLast(2)
        var index = bytes.startIndex
        func finished() -> String {
            let text = String(decoding: cell, as: UTF8.self)
            return text.utf8.first == UInt8(ascii: "'") ? String(text.dropFirst()) : text
        }
        while index < bytes.endIndex {
            let byte = bytes[index]
            if byte == 0x22 {
                if isQuoted, index + 1 < bytes.endIndex, bytes[index + 1] == 0x22 {
                    cell.append(byte)
                    index += 1
                } else {
                    isQuoted.toggle()
                }
            } else if byte == 0x2C, !isQuoted {
                cells.append(finished())
                cell = []
            } else {
                cell.append(byte)
            }
            index += 1
        }
        return cells + [finished()]
    }

    @Test func jsonLines() {
        #expect(ExportFormat.jsonLines.header.isEmpty)
        #expect(
            text(ExportFormat.jsonLines.line(row()))
                == #"{"id":"dlv_7","event":"evt_1","topic":"course.created","tenant":"school-42","subscription":"crm","#
                + #""state":"failed","mode":"single-shot","attempts":2,"nextAttemptAt":null,"lastStatus":500,"#
                + #""lastError":"status","createdAt":"2026-03-01T09:30:00.000Z","settledAt":"2026-03-01T09:30:01.500Z","#
                + #""test":false,"retriggerOf":"dlv_3","occurredAt":"2026-03-01T09:29:59.999Z","#
                + #""data":{"title":"a, \"b\"","n":1.50}}"# + "\n"
        )
    }

    @Test func everyDeliveryIsInItOnceAndNewestFirst() async throws {
        let receiver = try Receiver(responses: [.status(200)])
        let dispatcher = try await TestEnvironment().dispatcher(
            """
              - name: a
                url: \(receiver.url)
                topics: [user.created]
                profile: braincert
                payload: { "**": $data }
                schema: off
              - name: b
                url: \(receiver.url)
                topics: ["user.*"]
                profile: braincert
                payload: { "**": $data }
                schema: off
            """
        )
        let events = try (0..<700).map { index in
            try Event(
                topic: index % 2 == 0 ? "user.created" : "user.deleted",
                data: "{\"n\":\(index)}",
                id: "e\(index)"
            )
        }
        try await dispatcher.emit(events)
        try await dispatcher.run(until: .idle)
        var ids: [Int64] = []
        var pages = 0
        try await dispatcher.log.export { page in
            pages += 1
            for row in page { #expect(row.data.text == "{\"n\":\(row.delivery.event.dropFirst())}") }
            ids += page.map(\.delivery.id.rawValue)
            return true
        }
        #expect(ids == (1...1_050).reversed().map { Int64($0) })
        #expect(pages > 2)
        var query = DeliveryQuery(states: [.delivered])
        (query.subscription, query.topics) = ("b", ["user.deleted"])
        var lines = 0
        try await dispatcher.log.export(query, as: .csv) { bytes in
            lines += bytes.count { $0 == 0x0A }
            return true
        }
        #expect(lines == 351)
        pages = 0
        try await dispatcher.log.export { _ in
            pages += 1
            return false
        }
        #expect(pages == 1)
    }
}
