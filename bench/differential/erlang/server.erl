%% A gen_server whose messages say what it answers. Its state counts its callbacks.
-module(server).
-behaviour(gen_server).
-export([init/1, handle_call/3, handle_cast/2, handle_info/2, handle_continue/2, terminate/2]).
-import(differential, [log/2, reason/1, reason_of/1, text/1, add/3]).

init({Answer, Traps, Terminate}) ->
    add(server, server, self()),
    put(terminate, Terminate),
    process_flag(trap_exit, Traps),
    log(server, "init"),
    answer(Answer, none, {0, []}).

handle_call({do, Answer}, From, State) -> callback("call", Answer, From, State).
handle_cast({do, Answer}, State) -> callback("cast", Answer, none, State).
handle_info({do, Answer}, State) -> callback("info", Answer, none, State);
handle_info(timeout, State) -> callback("timeout", [noreply, [none]], none, State);
handle_info({'EXIT', _, Reason}, State) ->
    callback(["EXIT ", reason(Reason)], [noreply, [none]], none, State).
handle_continue(Answer, State) -> callback("continue", Answer, none, State).

terminate(Reason, {N, _}) ->
    log(server, ["terminate ", reason(Reason), $\s, text(N)]),
    case get(terminate) of
        ok -> ok;
        crash -> error(oops);
        exit -> exit(gone);
        throw -> throw(ball)
    end.

callback(What, Answer, From, {N, Open}) ->
    log(server, [What, $\s, text(N)]),
    answer(Answer, From, {N + 1, Open}).

answer([ok, Action], _, State) -> with(Action, {ok, State});
answer([ignore], _, _) -> ignore;
answer([stopStart, Reason], _, _) -> {stop, reason_of(Reason)};
answer([reply, Value, Action], _, State) -> with(Action, {reply, Value, State});
answer([noreply, Action], _, State) -> with(Action, {noreply, State});
answer([stop, Reason], _, State) -> {stop, reason_of(Reason), State};
answer([stopReply, Value, Reason], _, State) -> {stop, reason_of(Reason), Value, State};
answer([bad], _, _) -> garbage;
answer([crash], _, _) -> error(oops);
answer([throwValue], _, _) -> throw(ball);
answer([exit, Reason], _, _) -> exit(reason_of(Reason));
answer([throw, Answer], From, State) -> throw(answer(Answer, From, State));
answer([early, Value, Answer], From, State) ->
    case From of none -> ok; _ -> gen_server:reply(From, Value) end,
    answer(Answer, From, State);
answer([later], none, State) -> {noreply, State};
answer([later], From, {N, Open}) -> {noreply, {N, Open ++ [From]}};
answer([replyOpen, _, Answer], From, {N, []}) -> answer(Answer, From, {N, []});
answer([replyOpen, Value, Answer], From, {N, [First | Open]}) ->
    gen_server:reply(First, Value),
    answer(Answer, From, {N, Open});
answer([trap, Flag, Answer], From, State) ->
    process_flag(trap_exit, Flag),
    answer(Answer, From, State).

with([none], Answer) -> Answer;
with([timeout, Ms], Answer) -> erlang:append_element(Answer, Ms);
with([hibernate], Answer) -> erlang:append_element(Answer, hibernate);
with([continue, Next], Answer) -> erlang:append_element(Answer, {continue, Next}).
