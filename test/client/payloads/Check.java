import com.launchdarkly.logging.Logs;
import com.launchdarkly.sdk.EvaluationDetail;
import com.launchdarkly.sdk.LDContext;
import com.launchdarkly.sdk.LDValue;
import com.launchdarkly.sdk.json.JsonSerialization;
import com.launchdarkly.sdk.server.Components;
import com.launchdarkly.sdk.server.LDClient;
import com.launchdarkly.sdk.server.LDConfig;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;

/**
 * Check BASE DIRECTORY: LaunchDarkly's SDK for Java takes every payload that serve.mjs sends at BASE, with all its
 * flags, and evaluates each flag as the database does. Its buckets are floats: what goes by one may be the
 * neighbour's, for few.
 */
public final class Check {
  private static int failures;
  private static int evaluations;
  private static int neighbours;

  private static void fail(String what) {
    if (++failures <= 20) {
      System.out.println("not ok - Java: " + what);
    }
  }

  private static void compare(LDClient client, int number, boolean bucketed, LDContext context, String key, LDValue expected) {
    EvaluationDetail<LDValue> detail = client.jsonValueVariationDetail(key, context, LDValue.of("the default"));
    LDValue index = detail.getVariationIndex() < 0 ? LDValue.ofNull() : LDValue.of(detail.getVariationIndex());
    LDValue reason = LDValue.parse(JsonSerialization.serialize(detail.getReason()));
    String found = detail.getValue() + ", " + reason;
    evaluations++;
    if (detail.getValue().equals(expected.get("value")) && index.equals(expected.get("variationIndex")) && reason.equals(expected.get("reason"))) {
      return;
    }
    String what = "environment " + number + ", flag " + key + ", " + context + ": " + found + ", expected " + expected;
    if (bucketed) {
      neighbours++;
      System.out.println("# Java: " + what);
    } else {
      fail(what);
    }
  }

  private static void check(String base, int number, LDValue environment, String payload) throws Exception {
    LDConfig config = new LDConfig.Builder()
        .serviceEndpoints(Components.serviceEndpoints().polling(base))
        .dataSource(Components.pollingDataSource())
        .events(Components.noEvents())
        .diagnosticOptOut(true)
        .logging(Components.logging(Logs.none()))
        .startWait(Duration.ofSeconds(10))
        .build();
    LDContext[] contexts = new LDContext[environment.get("contexts").size()];
    for (int i = 0; i < contexts.length; i++) {
      contexts[i] = JsonSerialization.deserialize(environment.get("contexts").get(i).toJsonString(), LDContext.class);
    }
    boolean bucketed = payload.contains("\"rollout\":") || payload.contains("\"weight\":");
    try (LDClient client = new LDClient("e" + number, config)) {
      if (!client.isInitialized()) {
        fail("environment " + number + " is not taken");
        return;
      }
      int known = client.allFlagsState(contexts[0]).toValuesMap().size();
      if (known != environment.get("flags").intValue()) {
        fail("environment " + number + " has " + known + " flags of " + environment.get("flags"));
      }
      for (LDValue answer : environment.get("answers").values()) {
        compare(client, number, bucketed, contexts[answer.get(0).intValue()], answer.get(1).stringValue(), answer.get(2));
      }
    }
  }

  public static void main(String[] arguments) throws Exception {
    List<String> answers = Files.readAllLines(Path.of(arguments[1], "answers.jsonl"));
    List<String> payloads = Files.readAllLines(Path.of(arguments[1], "payloads.jsonl"));
    for (int number = 0; number < answers.size(); number++) {
      check(arguments[0], number, LDValue.parse(answers.get(number)), payloads.get(number));
    }
    if (neighbours > 1 + evaluations / 1000) {
      fail(neighbours + " of " + evaluations + " evaluations are the neighbour's");
    }
    if (failures > 0 || evaluations == 0) {
      System.exit(1);
    }
    System.out.printf("ok - Java: %d environments, %d evaluations, %d of them the neighbour's%n", answers.size(), evaluations, neighbours);
    System.exit(0);
  }
}
