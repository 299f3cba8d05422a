// Common short names of emoji; unknown names are shown as typed.

const NAMES = `
+1=👍 -1=👎 100=💯 alarm_clock=⏰ arrow_down=⬇️ arrow_left=⬅️ arrow_right=➡️ arrow_up=⬆️ arrows_counterclockwise=🔄 arrow_forward=▶️
ballot_box_with_check=☑️ bell=🔔 bulb=💡 bookmark=🔖 book=📖 books=📚 bust_in_silhouette=👤 busts_in_silhouette=👥 calendar=📅 card_index=📇
chart_with_upwards_trend=📈 clap=👏 clipboard=📋 clock3=🕒 closed_lock_with_key=🔐 construction=🚧 cry=😢 date=📆 email=📧 envelope=✉️ exclamation=❗
eyes=👀 fax=📠 file_folder=📁 fire=🔥 floppy_disk=💾 gear=⚙️ globe_with_meridians=🌐 grey_question=❔ hammer_and_wrench=🛠️ heart=❤️
heavy_check_mark=✔️ heavy_multiplication_x=✖️ hospital=🏥 hourglass=⌛ hourglass_flowing_sand=⏳ inbox_tray=📥 incoming_envelope=📨
information_source=ℹ️ joy=😂 key=🔑 large_blue_circle=🔵 large_green_circle=🟢 large_orange_circle=🟠 large_red_circle=🔴 large_yellow_circle=🟡 label=🏷️
link=🔗 lock=🔒 mag=🔍 mailbox=📫 mailbox_with_mail=📬 memo=📝 moon=🌔 muscle=💪 mute=🔇 no_bell=🔕 no_entry=⛔ no_entry_sign=🚫 o=⭕
octagonal_sign=🛑 ok=🆗 ok_hand=👌 outbox_tray=📤 package=📦 page_facing_up=📄 page_with_curl=📃 paperclip=📎 pause_button=⏸️ pencil=📝 pencil2=✏️
phone=☎️ telephone=☎️ telephone_receiver=📞 pray=🙏 printer=🖨️ pushpin=📌 question=❓ raised_hands=🙌 recycle=♻️ red_circle=🔴 repeat=🔁 robot_face=🤖
rocket=🚀 rotating_light=🚨 satellite_antenna=📡 scissors=✂️ scroll=📜 see_no_evil=🙈 shield=🛡️ slightly_smiling_face=🙂 smile=😄 smiley=😃
sparkles=✨ speech_balloon=💬 star=⭐ stop_sign=🛑 black_square_for_stop=⏹️ stopwatch=⏱️ sunny=☀️ sweat_smile=😅 tada=🎉 thinking_face=🤔 thumbsdown=👎
thumbsup=👍 ticket=🎫 timer_clock=⏲️ unlock=🔓 vertical_traffic_light=🚦 warning=⚠️ wastebasket=🗑️ wave=👋 white_check_mark=✅ white_circle=⚪
black_circle=⚫ wrench=🔧 x=❌ zap=⚡ zzz=💤
`;

const CHARACTERS = new Map(NAMES.trim().split(/\s+/).map((pair) => [pair.slice(0, pair.indexOf("=")), pair.slice(pair.indexOf("=") + 1)]));

/** The character for a short name without its colons, or undefined. */
export const emojiFor = (name) => CHARACTERS.get(name);

/** *text* with each known `:name:` replaced by its character. */
export const withEmoji = (text) => text.replace(/:([a-z0-9_+-]+):/g, (whole, name) => CHARACTERS.get(name) ?? whole);
